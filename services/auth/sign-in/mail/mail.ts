/** A mail to one address. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

export interface MailSender {
  /**
   * Resolves when the next mail server has accepted the mail. Rejects when the mail must be tried again. `id`
   * stays the same at every attempt, so that the receiver can drop a repeated mail.
   */
  send(mail: Mail, id: string): Promise<void>;
}

/** Asks for confirmation of a new address. */
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

/** Says that the address has an account already. Registering again changes nothing. */
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

/** Offers the choice of a new password. */
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

/** Says that no account has the address. */
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

/** Asks a user for confirmation of the address. */
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

/** Says that the password of the account was changed. */
export function passwordChangedMail(to: string): Mail {
  return {
    to,
    subject: 'Your password was changed',
    text: `The password of your account was changed. If it was not you, ask for a new one at once.
`,
  };
}
