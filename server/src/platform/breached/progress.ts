import type { ImportProgress } from './import.ts'

const WORDS: Readonly<Record<ImportProgress['stage'], string>> = {
  reading: 'Reading',
  sorting: 'Writing the hashes',
  filter: 'Writing the filter',
}

/** One line about how far an import is: per cent, hashes, rate and time left of this stage, which began `elapsedMs` ago. */
export function describeProgress(progress: ImportProgress, elapsedMs: number): string {
  const { stage, done, total, hashes } = progress
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const percent = `${Math.floor(share * 100)} %`
  const count = stage === 'reading' ? hashes : done
  const seconds = elapsedMs / 1000
  if (seconds < 1 || share === 0) return `${WORDS[stage]}: ${percent}, ${grouped(count)} hashes`
  const left = Math.round((seconds * (1 - share)) / share)
  return `${WORDS[stage]}: ${percent}, ${grouped(count)} hashes, ${grouped(Math.round(count / seconds))} a second, ${duration(left)} left`
}

/** 1234567 as `1,234,567`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
