/** The parts of @huggingface/jinja 0.5.11 that the worker uses: its own types do not resolve in ES modules. */
declare module "@huggingface/jinja" {
  export interface Token {
    readonly value: string;
    readonly type: string;
  }

  export interface Program {
    readonly type: "Program";
  }

  export function tokenize(
    source: string,
    options?: { readonly lstrip_blocks?: boolean; readonly trim_blocks?: boolean },
  ): Token[];

  export function parse(tokens: readonly Token[]): Program;

  export class Environment {
    set(name: string, value: unknown): unknown;
  }

  export class Interpreter {
    constructor(environment?: Environment);
    run(program: Program): { readonly value: unknown };
  }
}
