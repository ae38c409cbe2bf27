import { describe, expect, it } from 'vitest'
import type { Lane } from '../../kernel/lane.ts'
import type { Job } from './job.ts'
import { createReadyLine } from './ready-line.ts'

const jobOf = (lane: Lane, number = 1, workspaceId = 'one') =>
  ({
    row: { lane, number, messageId: `${lane}${number}`, workspaceId },
    lease: '1',
    chunks: [],
  }) as unknown as Job

describe('the ready line', () => {
  it('gives critical mail first, whatever waits and however often it is asked', () => {
    const line = createReadyLine()
    for (let n = 0; n < 100; n++) line.push(jobOf('bulk', n))
    for (let n = 0; n < 50; n++) line.push(jobOf('critical', n))
    expect(Array.from({ length: 50 }, () => line.pull(1)?.[0].row.lane)).toEqual(
      Array.from({ length: 50 }, () => 'critical'),
    )
  })

  it('starves no lane behind a busier one', () => {
    const line = createReadyLine()
    for (let n = 0; n < 10; n++) line.push(jobOf('bulk', n))
    for (let n = 0; n < 100; n++) line.push(jobOf('transactional', n))
    const lanes = Array.from({ length: 80 }, () => line.pull(1)?.[0].row.lane)
    expect(lanes.filter((lane) => lane === 'bulk')).toHaveLength(10)
  })

  it('keeps order within a lane; a job whose connection failed comes first again', () => {
    const line = createReadyLine()
    for (let n = 1; n <= 3; n++) line.push(jobOf('bulk', n))
    const first = line.pull(1)
    if (first !== null) line.putFirst(first[0])
    expect(
      [line.pull(1), line.pull(1), line.pull(1), line.pull(1)].map((jobs) => jobs?.[0].row.number),
    ).toEqual([1, 2, 3, undefined])
  })

  it('counts what waits and gives all of it up at once', () => {
    const line = createReadyLine()
    line.push(jobOf('bulk'))
    line.push(jobOf('critical'))
    expect(line.size()).toBe(2)
    expect(line.takeAll().map((job) => job.row.lane)).toEqual(['critical', 'bulk'])
    expect([line.size(), line.pull(1)]).toEqual([0, null])
  })

  it('gives workspaces turns inside a lane, so that nobody waits behind another’s thousand', () => {
    const line = createReadyLine()
    for (let n = 0; n < 1_000; n++) line.push(jobOf('transactional', n, 'many'))
    line.push(jobOf('transactional', 1, 'few'))
    line.push(jobOf('transactional', 2, 'few'))
    const owners = Array.from({ length: 4 }, () => line.pull(1)?.[0].row.workspaceId)
    expect(owners).toEqual(['many', 'few', 'many', 'few'])
  })

  it('gives recipients of one message together, up to the limit, and never those that are to go alone', () => {
    const line = createReadyLine()
    const chunks = [Buffer.from('m')]
    const same = (number: number, alone?: true): Job =>
      ({
        row: { lane: 'bulk', number, messageId: 'm', workspaceId: 'w' },
        lease: '1',
        chunks,
        ...(alone === undefined ? {} : { alone }),
      }) as unknown as Job
    for (const job of [same(1), same(2), same(3), same(4, true)]) line.push(job)
    expect(line.pull(2)?.map((job) => job.row.number)).toEqual([1, 2])
    expect(line.pull(9)?.map((job) => job.row.number)).toEqual([3])
    expect(line.pull(9)?.map((job) => job.row.number)).toEqual([4])
    expect(line.size()).toBe(0)
  })

  it('probes with the least urgent', () => {
    const line = createReadyLine()
    for (const lane of ['critical', 'bulk'] as const) line.push(jobOf(lane))
    expect(line.pull(1, true)?.[0].row.lane).toBe('bulk')
  })
})
