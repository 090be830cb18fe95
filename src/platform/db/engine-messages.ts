/** What the thread of the embedded engine needs to open its database. */
export interface EngineOpening {
  dataDir: string;
  snapshotPath: string | undefined;
  /** The session's statement_timeout. */
  deadlineMs: number;
  /** See engine-watch.ts. */
  watch: SharedArrayBuffer;
}

/** What the engine's thread is asked; each is answered once, under its number. */
export type EngineRequest =
  | { id: number; kind: "exchange"; wire: number; bytes: Uint8Array }
  | { id: number; kind: "durable" }
  | { id: number; kind: "dump" }
  | { id: number; kind: "close" };

/** What the engine's thread tells. */
export type EngineReport =
  | { kind: "progress"; zh: string; en: string }
  /** See EngineFlags. */
  | { kind: "open"; memory: SharedArrayBuffer; interruptPending: number; queryCancelPending: number; statementTimeout: number }
  | { kind: "answer"; id: number; bytes?: Uint8Array }
  | { kind: "failure"; id: number; failure: Failure }
  /** The last word of a thread that cannot go on. */
  | { kind: "broken"; failure: Failure };

/** An error, as far as it is told from thread to thread: by its code (ENOSPC, EACCES) it is explained. */
export interface Failure {
  message: string;
  code: string | undefined;
}

export const failureOf = (error: unknown): Failure => ({
  message: error instanceof Error ? error.message : String(error),
  code: error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined,
});

export const errorOf = ({ message, code }: Failure): Error => Object.assign(new Error(message), code && { code });
