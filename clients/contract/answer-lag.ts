/**
 * How far, in ms, an answer of the user service may be behind what its change feed has told, where the one comes from another
 * process or replica than the other. The service answers nothing that may be older; a client relies on it where it decides
 * whether a user that it read is covered by the feed.
 */
export const MAX_ANSWER_LAG_MS = 500;
