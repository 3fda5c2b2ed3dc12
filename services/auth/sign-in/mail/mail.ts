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

/** For a new address: what to do with the token. */
export function registrationMail(to: string, token: string): Mail {
  return {
    to,
    subject: 'Confirm your address',
    text: `Somebody, probably you, asked for an account with this address.

To confirm it, enter this code within a day:

${token}

If it was not you, do nothing: there will be no account.
`,
  };
}

/** For an address that has a user: registering again changes nothing. */
export function alreadyRegisteredMail(to: string): Mail {
  return {
    to,
    subject: 'You have an account already',
    text: `Somebody, probably you, asked for an account with this address. There is one already: sign in, or ask for a
new password if you do not remember yours.

If it was not you, do nothing: your account is as it was.
`,
  };
}

/** For a user who may choose a new password. */
export function passwordResetMail(to: string, token: string): Mail {
  return {
    to,
    subject: 'Choose a new password',
    text: `Somebody, probably you, asked for a new password for this address.

To choose one, enter this code within an hour:

${token}

If it was not you, do nothing: your password is as it was.
`,
  };
}

/** For an address that nobody has. */
export function noAccountMail(to: string): Mail {
  return {
    to,
    subject: 'There is no account with this address',
    text: `Somebody, probably you, asked for a new password for this address, which has no account that could have one.
You may have signed up with another address.

If it was not you, do nothing.
`,
  };
}

/** For a user whose address is not verified. */
export function verificationMail(to: string, token: string): Mail {
  return {
    to,
    subject: 'Confirm your address',
    text: `To confirm that this address is yours, enter this code within a day:

${token}

If you have no account here, do nothing.
`,
  };
}

/** For a user whose password is another now. */
export function passwordChangedMail(to: string): Mail {
  return {
    to,
    subject: 'Your password was changed',
    text: `The password of your account was changed. If it was not you, ask for a new one at once.
`,
  };
}
