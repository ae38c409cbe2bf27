import type { QueueAct, QueueActsPreviewOutput } from '@bulkhead/sdk'
import { idOfActor } from '../ids.ts'
import { duration, relative } from '../instants.ts'
import { facts, table, type Screen } from '../table.ts'

/** Acts as a table; for staff too. */
export function renderActs(items: readonly QueueAct[], screen: Screen): string {
  return table(
    [
      { title: 'KIND', of: (row) => row.kind },
      {
        title: 'STATE',
        of: (row) => (row.state === 'ended' ? (row.outcome ?? row.state) : row.state),
        paint: (cell, row) => (row.state === 'ended' ? cell : screen.paint.yellow(cell)),
      },
      {
        title: 'TAKEN',
        // A pause takes what is accepted later, too.
        of: (row) => (row.kind === 'pause' ? String(row.taken) : `${row.taken}/${row.shown}`),
        align: 'right',
      },
      { title: 'BY', of: (row) => row.by },
      { title: 'MADE', of: (row) => relative(row.madeAt, screen.now) },
      { title: 'ABOUT', of: (row) => aboutOf(row.filter) },
      { title: 'REASON', of: (row) => row.reason },
      { title: 'ID', of: (row) => row.id, whole: true },
    ],
    items,
    screen,
  )
}

function aboutOf(filter: QueueAct['filter']): string {
  const parts = Object.entries(filter).flatMap(([name, value]): string[] =>
    value === undefined ? [] : [`${name} ${Array.isArray(value) ? value.join(',') : String(value)}`],
  )
  return parts.length === 0 ? 'everything' : parts.join('; ')
}

/** What an act would touch. */
export function renderPreview(shown: QueueActsPreviewOutput, screen: Screen): string {
  const least = shown.complete ? '' : 'at least '
  const head = `${shown.act}: ${least}${shown.expected} recipients${shown.oldestDue === null ? '' : `, the oldest due ${relative(shown.oldestDue, screen.now)}`}\n`
  const states = shown.states.map((row) => ({
    lane: row.lane,
    what: row.state,
    recipients: row.recipients,
    oldestDue: row.oldestDue,
  }))
  const sites = shown.sites.map((row) => ({
    lane: row.lane,
    what: row.site === null ? 'to sites not known' : `to ${row.provider ?? row.site}`,
    recipients: row.recipients,
    oldestDue: row.oldestDue,
  }))
  const lines = [...states, ...sites]
  return [
    head,
    lines.length === 0
      ? ''
      : `\n${table(
          [
            { title: 'LANE', of: (row) => row.lane },
            { title: 'WHAT', of: (row) => row.what },
            { title: 'RECIPIENTS', of: (row) => String(row.recipients), align: 'right' },
            { title: 'OLDEST DUE', of: (row) => relative(row.oldestDue, screen.now) },
          ],
          lines,
          screen,
        )}`,
    examplesOf(shown),
    shown.notes.length === 0 ? '' : `\n${shown.notes.map((note) => `${note}\n`).join('')}`,
  ].join('')
}

function examplesOf({ examples }: QueueActsPreviewOutput): string {
  if (examples.length === 0) return ''
  const rows = examples.map(
    (row) =>
      `  ${row.messageId} recipient ${row.recipient}, ${row.state}${row.site === null ? '' : `, ${row.site}`}\n`,
  )
  return `\nFor example:\n${rows.join('')}`
}

/** An act with its progress. */
export function renderAct(row: QueueAct, screen: Screen): string {
  return facts(
    [
      ['Act', row.id],
      ['Kind', row.kind],
      [
        'State',
        `${row.state}${row.outcome === null ? '' : `, ${row.outcome}`}${row.waitsFor === null ? '' : `, waits for ${row.waitsFor}`}`,
      ],
      ['About', aboutOf(row.filter)],
      ['Reason', row.reason],
      [
        'Made by',
        `${row.actor === null ? row.by : idOfActor(row.actor)}, ${relative(row.madeAt, screen.now)}`,
      ],
      ['Until', row.until === null ? null : `${row.until} (${relative(row.until, screen.now)})`],
      [
        'Ends mail',
        row.graceUntil === null || row.state === 'ended' ? null : relative(row.graceUntil, screen.now),
      ],
      [
        'Taken',
        `${row.taken} ${row.kind === 'pause' ? '(when it was shown:' : 'of'} ${row.shown}${row.kind === 'pause' ? ')' : ''}${row.heldBefore > 0 ? `, ${row.heldBefore} held by something else too` : ''}`,
      ],
      ['Result', row.result === '' ? null : row.result],
      ['In flight', row.inFlight === 0 ? null : String(row.inFlight)],
      ['Given back', row.givenBack === 0 ? null : String(row.givenBack)],
      ['Expired', row.expired === 0 ? null : String(row.expired)],
      ['Gone meanwhile', row.gone === 0 ? null : String(row.gone)],
      [
        'Speed',
        row.perSecond === null
          ? null
          : `${row.perSecond} per second${row.secondsLeft === null ? '' : `, ${duration(row.secondsLeft * 1_000)} left`}`,
      ],
      ['Cancel', row.canCancel ? 'stops it where it is' : null],
      ['Undo', `${row.canUndo ? '' : 'no: '}${row.undoNote}`],
    ],
    screen,
  )
}
