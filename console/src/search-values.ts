const TEXT_CHARS_MAX = 320

/** Returns `value` where it is one of `choices`. */
export function oneOf<Choice extends string>(choices: readonly Choice[], value: unknown): Choice | undefined {
  return choices.find((choice) => choice === value)
}

/** The router reads a bare number or word of the address as JSON; a tag such as 2026 is text all the same. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const text = String(value).trim().slice(0, TEXT_CHARS_MAX)
  return text === '' ? undefined : text
}
