/** The `domain` of every `google.rpc.ErrorInfo` that Rollcall sends; a reason is unique within it. */
export const ERROR_DOMAIN = 'rollcall';
