// Which number a path of the Graph API names, and what is asked of it. Remembers paths: there are few, and many requests.

export interface NumberPath {
  sender: string;
  /** `number`: about the number itself. */
  endpoint: 'messages' | 'number';
}

/** `/v23.0/12345/messages`, or without the last part. */
const PATH = /^\/v\d+\.\d+\/([\w.-]{1,64})(\/messages)?(?:\?.*)?$/;
/** Paths remembered at most. Higher lets a caller that makes up paths fill the memory. */
const MAX_PATHS = 1_000;

export class NumberPaths {
  readonly #known = new Map<string, NumberPath>();

  /** Null for any other path. */
  get(url: string): NumberPath | null {
    const known = this.#known.get(url);
    if (known) return known;
    const found = PATH.exec(url);
    if (!found) return null;
    const path: NumberPath = { sender: found[1]!, endpoint: found[2] === undefined ? 'number' : 'messages' };
    if (this.#known.size < MAX_PATHS) this.#known.set(url, path);
    return path;
  }
}
