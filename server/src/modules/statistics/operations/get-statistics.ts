import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { StatisticsService } from '../statistics-service.ts'
import { Statistics, statisticsInput } from '../statistics-views.ts'

type Context = OperationContext<{ statistics: StatisticsService }>

export const getStatistics = defineOperation({
  id: 'statistics.get',
  method: 'GET',
  path: '/v1/statistics',
  summary: 'What happened to the mail of the workspace, over time',
  description:
    'Counted in the background, some seconds behind: throughMoment says until when it is complete. Everything counts at the time at which it happened.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'statistics.read',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(statisticsInput),
  output: Statistics,
  handle: (context: Context, input) => context.services.statistics.get(context, input),
})

export const getInstallationStatistics = defineOperation({
  id: 'installationStatistics.get',
  method: 'GET',
  path: '/v1/installation/statistics',
  summary: 'What happened to the mail of all workspaces together, over time',
  description: "Needs the operator's key. It names no workspace and no address.",
  scope: 'queue:read',
  risk: 'read',
  audit: 'statistics.read',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(statisticsInput),
  output: Statistics,
  handle: (context: Context, input) => context.services.statistics.ofInstallation(input),
})
