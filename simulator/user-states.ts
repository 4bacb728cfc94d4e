// What is special about single users, for one sender or for all. Everybody else is in the usual state.

export class UserStates<State> {
  readonly #usual: State;
  readonly #ofAll = new Map<string, State>();
  readonly #ofSender = new Map<string, Map<string, State>>();

  constructor(usual: State) {
    this.#usual = usual;
  }

  /** `sender` null: at every sender that says nothing else of the user. */
  set(sender: string | null, users: readonly string[], state: State): void {
    let states = sender === null ? this.#ofAll : this.#ofSender.get(sender);
    if (!states) {
      states = new Map<string, State>();
      this.#ofSender.set(sender!, states);
    }
    for (const user of users) states.set(user, state);
  }

  of(sender: string, user: string): State {
    if (this.#ofAll.size === 0 && this.#ofSender.size === 0) return this.#usual;
    return this.#ofSender.get(sender)?.get(user) ?? this.#ofAll.get(user) ?? this.#usual;
  }

  /** Users of whom something was said, in that order. */
  *known(sender: string): Generator<[string, State]> {
    const own = this.#ofSender.get(sender);
    for (const [user, state] of this.#ofAll) if (!own?.has(user)) yield [user, state];
    if (own) yield* own;
  }
}
