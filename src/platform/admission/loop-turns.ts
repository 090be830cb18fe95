/** So many requests, and the event loop shall come to its timers and newcomers. */
const REQUESTS_A_TURN = 128;

/**
 * Keeps the turns of the event loop short. With a thousand sockets ready, libuv looks up to 48 times for more before it
 * comes to timers and to connections it has just taken: seconds in which deadlines, the measured delay and health wait.
 * Only a signal ends it; the service sends itself one that means nothing to anybody else.
 */
export class LoopTurns {
  /** Of the turn it is in. */
  number = 0;
  private requests = 0;
  private begun = false;
  private readonly able = process.platform !== "win32";

  constructor() {
    if (this.able) process.on("SIGURG", ignore);
  }

  /** Called at each request. */
  count(): void {
    if (!this.begun) {
      this.begun = true;
      setImmediate(() => {
        this.begun = false;
        this.requests = 0;
        this.number++;
      });
    }
    if (++this.requests % REQUESTS_A_TURN === 0 && this.able) process.kill(process.pid, "SIGURG");
  }

  stop(): void {
    process.off("SIGURG", ignore);
  }
}

const ignore = () => undefined;
