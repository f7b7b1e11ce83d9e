/** What a command may know of the process it runs in. Tests pass another one. */
export interface Host {
  env(name: string): string | undefined;
  /** The working directory, absolute. */
  readonly cwd: string;
  readonly stdin: { readonly readable: ReadableStream<Uint8Array>; isTerminal(): boolean };
}

export function denoHost(): Host {
  return { env: (name) => Deno.env.get(name), cwd: Deno.cwd(), stdin: Deno.stdin };
}
