// How texts that people write are folded, compared and found empty: one rule for every implementation of the contract.

export { foldCase, foldText, wordsOf } from './fold.ts';
export {
  graphemesOf,
  isBlank,
  isSearchable,
  isSpaceless,
  TOO_SHORT,
  trimText,
  visibleText,
} from './visible.ts';
