import { describe, expect, it } from 'vitest'
import type { Lane } from '../../kernel/lane.ts'
import type { Job } from './job.ts'
import { createReadyLine } from './ready-line.ts'

const jobOf = (lane: Lane, number = 1) => ({ row: { lane, number } }) as Job

describe('the ready line', () => {
  it('gives critical mail first, whatever waits and however often it is asked', () => {
    const line = createReadyLine()
    for (let n = 0; n < 100; n++) line.push(jobOf('bulk', n))
    for (let n = 0; n < 50; n++) line.push(jobOf('critical', n))
    expect(Array.from({ length: 50 }, () => line.pull()?.row.lane)).toEqual(
      Array.from({ length: 50 }, () => 'critical'),
    )
  })

  it('starves no lane behind a busier one', () => {
    const line = createReadyLine()
    for (let n = 0; n < 10; n++) line.push(jobOf('bulk', n))
    for (let n = 0; n < 100; n++) line.push(jobOf('transactional', n))
    const lanes = Array.from({ length: 80 }, () => line.pull()?.row.lane)
    expect(lanes.filter((lane) => lane === 'bulk')).toHaveLength(10)
  })

  it('keeps order within a lane; a job whose connection failed comes first again', () => {
    const line = createReadyLine()
    for (let n = 1; n <= 3; n++) line.push(jobOf('bulk', n))
    const first = line.pull()
    if (first !== null) line.putFirst(first)
    expect([line.pull(), line.pull(), line.pull(), line.pull()].map((job) => job?.row.number)).toEqual([
      1,
      2,
      3,
      undefined,
    ])
  })

  it('counts what waits and gives all of it up at once', () => {
    const line = createReadyLine()
    line.push(jobOf('bulk'))
    line.push(jobOf('critical'))
    expect(line.size()).toBe(2)
    expect(line.takeAll().map((job) => job.row.lane)).toEqual(['critical', 'bulk'])
    expect([line.size(), line.pull()]).toEqual([0, null])
  })
})
