// Public API of @rollcall/contract/text: how names are folded, split into words, and found blank.

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
