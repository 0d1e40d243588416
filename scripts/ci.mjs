// What `.ci/run` ends with: the test runner's own report, counted. Tests that needed a second try are named.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, testResults } = JSON.parse(readFileSync(process.argv[2], "utf8"));

// A test that has passed keeps the errors of its first try.
for (const { name, assertionResults } of testResults) {
  for (const { status, fullName, failureMessages } of assertionResults) {
    if (status !== "passed" || failureMessages.length === 0) continue;
    console.log(`FLAKY, passed on the second try: ${relative(process.cwd(), name)} > ${fullName}\n${failureMessages.join("\n")}\n`);
  }
}

// A file that could not be loaded has no tests to count.
const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
for (const file of broken) console.log(`did not load: ${file.name}\n${file.message}`);
const failed = numFailedTests + broken.length;
console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`);
if (failed > 0 || numFailedTestSuites > 0 || numPassedTests === 0) process.exitCode = 1;
