/** How long a body may be, also after it was inflated. */
export class BodyLimit {
  constructor(readonly bytes: number) {}
}
