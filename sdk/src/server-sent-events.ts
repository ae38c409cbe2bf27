/** One event of a text/event-stream. */
export interface SentEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

export interface SentEventParser {
  /** Takes the next piece of text and answers the events it completes. Throws when an event exceeds the bound. */
  push(text: string): SentEvent[]
  /** The id of the last event that came whole, with data or without. */
  readonly lastEventId: string
  /** The pause the server asked for before a reconnect, if it did. */
  readonly retryMs: number | undefined
}

const EVENT_CHARS_MAX = 4 * 1024 * 1024

/** A parser of server-sent events as the HTML standard has them (§9.2.6), with a bound on one event. */
export function createSentEventParser(lastEventId = ''): SentEventParser {
  let buffer = ''
  let data: string[] = []
  let size = 0
  let event = ''
  let id = lastEventId
  let wholeId = lastEventId
  let retryMs: number | undefined

  const field = (line: string): void => {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') {
      size += value.length
      data.push(value)
    } else if (name === 'event') event = value
    else if (name === 'id' && !value.includes('\0')) id = value
    else if (name === 'retry' && /^\d{1,7}$/.test(value)) retryMs = Number(value)
  }

  const push = (text: string): SentEvent[] => {
    buffer += text
    const events: SentEvent[] = []
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(buffer)
      if (end === null) break
      const line = buffer.slice(0, end.index)
      buffer = buffer.slice(end.index + end[0].length)
      if (line !== '') {
        field(line)
        continue
      }
      wholeId = id
      if (data.length > 0) events.push({ id, event: event === '' ? 'message' : event, data: data.join('\n') })
      data = []
      size = 0
      event = ''
    }
    if (buffer.length + size > EVENT_CHARS_MAX)
      throw new Error(`An event is larger than ${EVENT_CHARS_MAX} characters.`)
    return events
  }

  return {
    push,
    get lastEventId() {
      return wholeId
    },
    get retryMs() {
      return retryMs
    },
  }
}
