// What an activity lends to a long step.

/** A way to say how far it is, and to be told to stop. */
export interface StepControl {
  signal: AbortSignal;
  onProgress: (done: number) => void;
}
