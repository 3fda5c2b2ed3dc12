/** A door that listens. Disposing it takes no new calls, lets those in progress end for a while, then closes. */
export interface OpenDoor extends AsyncDisposable {
  readonly host: string;
  /** The port it listens on, also where 0 was asked for. */
  readonly port: number;
}
