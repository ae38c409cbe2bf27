/** The words of a text field that takes several, whatever stands between them. */
export function wordsIn(text: string): string[] {
  return text.split(/[\s,;]+/).filter((word) => word !== '')
}
