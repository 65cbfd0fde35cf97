/** The part of WebAssembly's interface that this project uses; TypeScript has it only among the types of browsers. */
declare namespace WebAssembly {
  type Export = ((...operands: number[]) => number) | number;

  type Module = object;

  class Memory {
    constructor(size: { readonly initial: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }

  class Instance {
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
    readonly exports: Readonly<Record<string, Export>>;
  }

  function compile(code: Uint8Array<ArrayBuffer>): Promise<Module>;
}
