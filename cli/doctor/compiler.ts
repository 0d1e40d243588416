import type { Check } from "./case.js";

/** Without legacy decorators, `@state` and `@event` are called as something else, and fail. */
export const decorators: Check = ({ app }) => {
  const option = app.tsconfig.options.get("experimentalDecorators");
  if (option?.value === true) return [];
  return [
    {
      where: option ? `${option.file}:${option.line}` : app.tsconfig.path,
      what: "`experimentalDecorators` is not on: Next compiles `@state` and `@event` wrong, and stores throw when they are loaded.",
      fix: 'Set "experimentalDecorators": true in "compilerOptions".',
    },
  ];
};

/** Without metadata, nothing checks the arguments of events that have no schema. */
export const metadata: Check = ({ app, option }) => {
  const found = app.tsconfig.options.get("emitDecoratorMetadata");
  if (found?.value === true || option("requireSchemas")?.node.value === true) return [];
  return [
    {
      where: found ? `${found.file}:${found.line}` : app.tsconfig.path,
      what: "`emitDecoratorMetadata` is not on: the arguments of events without a schema are not checked.",
      fix: 'Set "emitDecoratorMetadata": true in "compilerOptions", or give all events schemas, and `createTwin` the option `requireSchemas: true`.',
    },
  ];
};

/** The oldest targets have no classes. */
export const target: Check = ({ app }) => {
  const option = app.tsconfig.options.get("target");
  if (!option || !/^es[35]$/i.test(String(option.value))) return [];
  return [
    {
      where: `${option.file}:${option.line}`,
      what: `The target \`${option.value}\` has no classes: stores are.`,
      fix: 'Set "target": "ES2022" or newer.',
    },
  ];
};
