// What `.ci/run` ends with: the test runner's own report, counted.
import { readFileSync } from "node:fs";

const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, testResults } = JSON.parse(readFileSync(process.argv[2], "utf8"));
// A file that could not be loaded has no tests to count.
const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
for (const file of broken) console.log(`did not load: ${file.name}\n${file.message}`);
const failed = numFailedTests + broken.length;
console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`);
if (failed > 0 || numFailedTestSuites > 0 || numPassedTests === 0) process.exitCode = 1;
