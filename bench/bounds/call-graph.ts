// What an engine can execute when a guest traps: every function reachable from its trap(), each with what it calls and what it
// allocates, read from the sources with TypeScript's own resolution of calls. A call through an interface or a function-valued field
// goes to every implementation among the engine's modules, so nothing that can happen is left out. The machine's primitives are
// leaves: they are hardware.

import { join, relative } from "node:path";
import { isCallExpression, isClassDeclaration, isIdentifier, isObjectLiteralExpression, isPropertyAccessExpression, type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import { API, type Checker, type Project, SymbolFlags, type Type } from "typescript/unstable/sync";
import { allocationAt, mayAllocate } from "./allocation-sites.ts";

export interface ReachableFunction {
  /** Its name, and that of the class that has it. */
  readonly name: string;
  /** Path and line. */
  readonly place: string;
  readonly calls: ReadonlySet<ReachableFunction>;
  /** Places at which it asks the host for memory. */
  readonly allocations: readonly string[];
}

export interface EntryPoint {
  /** Path from the root of the repository, and the method of the class there that the machine calls. */
  readonly entry: string;
  readonly method: string;
  /** Of all modules that belong to the engine. */
  readonly modules: readonly string[];
}

const FUNCTIONS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.FunctionDeclaration, SyntaxKind.FunctionExpression, SyntaxKind.ArrowFunction, SyntaxKind.MethodDeclaration, SyntaxKind.Constructor,
  SyntaxKind.GetAccessor, SyntaxKind.SetAccessor,
]);

const VALUES: ReadonlySet<SyntaxKind> = new Set([SyntaxKind.FunctionDeclaration, SyntaxKind.FunctionExpression, SyntaxKind.ArrowFunction]);

/** Reads the sources under `root` for as long as `use` takes. */
export function withSources<Result>(root: string, use: (sources: Sources) => Result): Result {
  const api = new API({ cwd: root });
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(root, "tsconfig.json")] }).getProjects();
    return use(new Sources(root, project));
  } finally {
    api.close();
  }
}

export class Sources {
  readonly #root: string;
  readonly #project: Project;

  constructor(root: string, project: Project) {
    this.#root = root;
    this.#project = project;
  }

  /** The function that a trap enters, and with it all that can follow. */
  reachable({ entry, method, modules }: EntryPoint): ReachableFunction {
    const files = modules.map((path) => this.#file(path));
    const methods = [...descendants(this.#file(entry))].filter((node) => node.kind === SyntaxKind.MethodDeclaration && nameOf(node) === method);
    if (methods.length !== 1) throw new Error(`${entry} has ${methods.length} methods called ${method}, not one`);
    return new Graph(this.#root, this.#project.checker, files).of(methods[0]);
  }

  #file(path: string): SourceFile {
    const file = this.#project.program.getSourceFile(join(this.#root, path));
    if (file === undefined) throw new Error(`${path} is no source of the project`);
    return file;
  }
}

interface Found extends ReachableFunction {
  readonly calls: Set<ReachableFunction>;
  readonly allocations: string[];
}

/** Something with members that a call may reach: a class, or an object written out. */
interface Holder {
  readonly type: Type;
  readonly members: readonly Node[];
}

class Graph {
  readonly #root: string;
  readonly #checker: Checker;
  readonly #files: ReadonlySet<SourceFile>;
  readonly #holders: readonly Holder[];
  /** Functions that are values: whoever calls a value of their type may call them. */
  readonly #values: readonly { readonly type: Type; readonly node: Node }[];
  readonly #getterNames: ReadonlySet<string | undefined>;
  readonly #found = new Map<Node, Found>();

  constructor(root: string, checker: Checker, files: readonly SourceFile[]) {
    this.#root = root;
    this.#checker = checker;
    this.#files = new Set(files);
    const nodes = files.flatMap((file) => [...descendants(file)]);
    this.#holders = nodes.flatMap((node) => this.#holderAt(node));
    this.#getterNames = new Set(nodes.filter((node) => node.kind === SyntaxKind.GetAccessor).map(nameOf));
    const heir = nodes.find((node) => isClassDeclaration(node) && node.heritageClauses?.some(({ token, types }) => token === SyntaxKind.ExtendsKeyword && types.some(({ expression }) => expression.getText() !== "Error")));
    if (heir !== undefined) throw new Error(`${this.#placeOf(heir)}: a class that extends another, whose calls are not followed here`);
    const functions = nodes.filter((node) => VALUES.has(node.kind));
    const declared = new Set(functions.map(declarationOf).map((declaration) => declaration && nameOf(declaration)));
    const meant = new Set(nodes.filter((node) => isValue(node) && declared.has(node.getText())).map((node) => this.#declarationOf(node)));
    this.#values = functions.filter((node) => {
      const declaration = declarationOf(node);
      // What the language's own functions are given, they call there and then: Array.map().
      return declaration === undefined ? !isCallExpression(node.parent) || this.#libraryFunctionAt(node.parent) === undefined : meant.has(declaration);
    })
      .flatMap((node) => {
        const type = checker.getTypeAtLocation(node);
        return type === undefined ? [] : [{ type, node }];
      });
  }

  of(root: Node): ReachableFunction {
    const pending = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      const found = this.#functionAt(node);
      for (const called of this.#read(node, found)) {
        if (!this.#found.has(called)) pending.push(called);
        found.calls.add(this.#functionAt(called));
      }
    }
    return this.#functionAt(root);
  }

  #functionAt(node: Node): Found {
    const known = this.#found.get(node);
    if (known !== undefined) return known;
    const made: Found = { name: qualifiedName(node), place: this.#placeOf(node), calls: new Set(), allocations: [] };
    this.#found.set(node, made);
    return made;
  }

  /** What one function calls; those inside it are called where they stand. */
  #read(body: Node, { allocations }: Found): Node[] {
    const called: Node[] = [];
    const visit = (node: Node): void => {
      const what = allocationAt(node);
      if (what !== undefined) allocations.push(`${what}, ${this.#placeOf(node)}`);
      if (FUNCTIONS.has(node.kind)) {
        called.push(node);
        return;
      }
      if (isPropertyAccessExpression(node) && this.#getterNames.has(node.name.text)) {
        const getter = this.#declarationOf(node.name);
        if (getter?.kind === SyntaxKind.GetAccessor && this.#files.has(getter.getSourceFile())) called.push(getter);
      }
      if (isCallExpression(node) || node.kind === SyntaxKind.NewExpression) {
        const library = this.#libraryFunctionAt(node);
        if (library !== undefined && mayAllocate(library)) allocations.push(`${library}(), ${this.#placeOf(node)}`);
        called.push(...this.#calledAt(node));
      }
      node.forEachChild(visit);
    };
    body.forEachChild(visit);
    return called;
  }

  /** The name of a function of the language's own. */
  #libraryFunctionAt(call: Node): string | undefined {
    const declaration = this.#checker.getResolvedSignature(call)?.declaration?.resolve();
    if (declaration === undefined || declaration.getSourceFile().fileName.startsWith(join(this.#root, "engines/"))) return undefined;
    return `${nameOf(declaration.parent) ?? ""}.${nameOf(declaration) ?? ""}`;
  }

  #calledAt(call: Node): Node[] {
    const declaration = this.#checker.getResolvedSignature(call)?.declaration?.resolve();
    if (declaration !== undefined && FUNCTIONS.has(declaration.kind) && hasBody(declaration)) {
      return this.#files.has(declaration.getSourceFile()) ? [declaration] : [];
    }
    if (!isCallExpression(call)) return [];
    const callee = call.expression;
    // What is declared beside the engine's modules: the machine's, and the language's own.
    if (declaration !== undefined && !this.#isOurs(declaration)) return [];
    const type = this.#checker.getTypeAtLocation(isPropertyAccessExpression(callee) ? callee.expression : callee);
    if (type === undefined) return [];
    if (isPropertyAccessExpression(callee)) {
      const name = callee.name.text;
      const members = this.#holders.filter((holder) => this.#checker.isTypeAssignableTo(holder.type, type))
        .flatMap((holder) => holder.members.filter((member) => nameOf(member) === name)).map(functionIn);
      if (members.some((member) => member !== undefined)) return members.filter((member) => member !== undefined);
    }
    const wanted = this.#checker.getTypeAtLocation(callee);
    return wanted === undefined ? [] : this.#values.filter((value) => this.#checker.isTypeAssignableTo(value.type, wanted)).map(({ node }) => node);
  }

  /** What a name stands for, through imports. */
  #declarationOf(name: Node): Node | undefined {
    const symbol = this.#checker.getSymbolAtLocation(name);
    if (symbol === undefined) return undefined;
    return ((symbol.flags & SymbolFlags.Alias) === 0 ? symbol : this.#checker.getAliasedSymbol(symbol)).valueDeclaration?.resolve();
  }

  #isOurs(declaration: Node): boolean {
    const { fileName } = declaration.getSourceFile();
    return fileName.startsWith(join(this.#root, "engines/")) && !fileName.startsWith(join(this.#root, "engines/machine/"));
  }

  #holderAt(node: Node): Holder[] {
    if (isClassDeclaration(node) && node.name !== undefined) {
      const symbol = this.#checker.getSymbolAtLocation(node.name);
      return symbol === undefined ? [] : [{ type: this.#checker.getDeclaredTypeOfSymbol(symbol), members: node.members }];
    }
    if (!isObjectLiteralExpression(node)) return [];
    const type = this.#checker.getTypeAtLocation(node);
    return type === undefined ? [] : [{ type, members: node.properties }];
  }

  #placeOf(node: Node): string {
    const file = node.getSourceFile();
    const line = file.text.slice(0, node.getStart()).split("\n").length;
    return `${relative(this.#root, file.fileName)}:${line}`;
  }
}

/** What gives a function its name; undefined for one that is a value where it stands. */
function declarationOf(node: Node): Node | undefined {
  if (node.kind === SyntaxKind.FunctionDeclaration) return node;
  return node.parent.kind === SyntaxKind.VariableDeclaration ? node.parent : undefined;
}

/** Whether a name stands where a function of that name would be a value, rather than called or declared. */
function isValue(node: Node): boolean {
  if (!isIdentifier(node)) return false;
  const { parent } = node;
  if (isCallExpression(parent)) return parent.expression !== node;
  if (parent.kind === SyntaxKind.TypeReference || parent.kind === SyntaxKind.ImportSpecifier || parent.kind === SyntaxKind.ExportSpecifier) return false;
  return (parent as { readonly name?: Node }).name !== node;
}

function* descendants(node: Node): Generator<Node> {
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
  });
  for (const child of children) {
    yield child;
    yield* descendants(child);
  }
}

/** The function that a member is, or has as its value. */
function functionIn(member: Node): Node | undefined {
  if (FUNCTIONS.has(member.kind)) return hasBody(member) ? member : undefined;
  const { initializer } = member as { readonly initializer?: Node };
  return initializer !== undefined && FUNCTIONS.has(initializer.kind) ? initializer : undefined;
}

const hasBody = (node: Node): boolean => (node as { readonly body?: Node }).body !== undefined;

function nameOf(node: Node): string | undefined {
  const { name } = node as { readonly name?: Node };
  return name === undefined ? undefined : isIdentifier(name) ? name.text : name.getText();
}

function qualifiedName(node: Node): string {
  const own = node.kind === SyntaxKind.Constructor ? "constructor" : nameOf(node) ?? nameOf(node.parent) ?? "(anonymous)";
  return isClassDeclaration(node.parent) ? `${nameOf(node.parent) ?? ""}.${own}` : own;
}
