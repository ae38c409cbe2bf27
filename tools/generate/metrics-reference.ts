import { metricCatalogue } from '../../server/src/processes/metric-catalogue.ts'

/** The table of docs/monitoring.md: each metric with its type, labels, processes and meaning. */
export function metricsTable(): string {
  const rows = metricCatalogue().map(({ name, type, labels, processes, help }) => {
    const words = labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(', ')
    const where = processes.length > 3 ? 'all' : processes.join(', ')
    return `| \`${name}\` | ${type} | ${words} | ${where} | ${help.replaceAll('|', '\\|')} |`
  })
  return ['| Metric | Type | Labels | Processes | Meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}
