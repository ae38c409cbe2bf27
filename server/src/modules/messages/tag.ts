import { z } from 'zod'

export const TAG_CHARS_MAX = 255
export const TAGS_MAX = 20

/**
 * What a message was made with stands beside the sender's tags, so that it is found, counted and paused by one index: its template, topic, batch,
 * subaccount and broadcast. These names are ours: they are not shown with the tags of the sender, and no sender can give one.
 */
const HIDDEN = /^(?:template:tpl|topic:top|batch:bat|subaccount:sba|broadcast:brd)_[0-9a-z]{26}$/

export function isHiddenTag(tag: string): boolean {
  return HIDDEN.test(tag)
}

/** A name that a sender gives to messages. Any script, blanks too; nothing that would break a line. */
export const Tag = z
  .string()
  .regex(
    /^(?=.*\S)[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u,
    `must be 1 to ${TAG_CHARS_MAX} printable characters, and not only blanks`,
  )
  .refine((tag) => !isHiddenTag(tag), 'is a name that Bulkhead gives itself; choose another one')

export const Tags = z.array(Tag).max(TAGS_MAX)
