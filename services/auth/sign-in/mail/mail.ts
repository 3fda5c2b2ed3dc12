/** A mail to one person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

/** Sends mails. */
export interface MailSender {
  /** Resolves once somebody else answers for the mail. `id` is the same at every attempt, so that a repeat can be known. Rejects where it is to be tried again. */
  send(mail: Mail, id: string): Promise<void>;
}
