// Modules as V8 compiles them best. What a module declares with `const` and keeps to itself is a constant to V8's
// optimising compiler. What it imports or exports is a variable: every use loads it and checks that it has been
// initialised and is what it was, which is half of the cost of an exit. So each import is given to a constant,
// and exports are constants of the module's, exported under another name at its end. Nothing else can tell:
// no variable is exported, and no import is circular (the linter sees to both).

const IMPORT = /^import \{([^}]*)\} from ("[^"]+");/gm;
const EXPORT = /^export (const |class |function\* ?|function )(\w+)/gm;

/** The same module as TypeScript, statement for statement on the same lines. */
export function withConstants(source: string): string {
  const exported: string[] = [];
  const text = source
    .replace(IMPORT, (_, names: string, from: string) => importOf(names, from))
    .replace(EXPORT, (_, kind: string, name: string) => {
      exported.push(name);
      return `${kind}${name}`;
    });
  if (exported.length === 0) return text;
  const aliases = exported.map((name) => `${name}$exported = ${name}`).join(", ");
  return `${text}\nconst ${aliases}; export { ${exported.map((name) => `${name}$exported as ${name}`).join(", ")} };\n`;
}

function importOf(names: string, from: string): string {
  const constants: string[] = [];
  const specifiers = names.replaceAll(/(type )?(\w+)(?: as (\w+))?/g, (specifier, type: string | undefined, name: string, local = name) => {
    if (type !== undefined) return specifier;
    constants.push(`${local} = ${local}$imported`);
    return `${name} as ${local}$imported`;
  });
  const statement = `import {${specifiers}} from ${from};`;
  return constants.length === 0 ? statement : `${statement} const ${constants.join(", ")};`;
}
