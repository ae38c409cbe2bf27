import type { ApiFixture } from './api-fixture.ts'
import { aWord } from './operation-samples.ts'

interface World {
  readonly id: string
  readonly key: string
}

const content = { subject: 'Hello {{ name }}', html: '<p>{{ name }}</p>', text: '{{ name }}' }

/** Valid requests of the operations on templates. `made` answers the id of a thing that is made for the example. */
export function templateExamples<Of extends World>(
  api: () => Pick<ApiFixture, 'call'>,
  made: (world: Of, path: string, body: Record<string, unknown>) => Promise<string>,
) {
  const aTemplate = (world: Of): Promise<string> =>
    made(world, '/v1/templates', { name: 'Order shipped', alias: aWord(), ...content })
  const ofTemplate = async (world: Of) => ({ params: { templateId: await aTemplate(world) } })
  const ofVersion = async (world: Of, version = '1') => ({
    params: { templateId: await aTemplate(world), version },
  })
  return {
    'templates.create': () => ({
      rest: { name: 'Order shipped', alias: aWord(), ...content, sampleData: { name: 'Ann' }, note: 'first' },
    }),
    'templates.list': () => ({ rest: { search: 'order', limit: '10' } }),
    'templates.get': ofTemplate,
    'templates.update': async (world: Of) => ({ ...(await ofTemplate(world)), rest: { name: 'New name' } }),
    'templates.delete': ofTemplate,
    'templates.restore': async (world: Of) => {
      const example = await ofTemplate(world)
      await api().call(world.key, 'DELETE', `/v1/templates/${example.params.templateId}`)
      return example
    },
    'templates.duplicate': async (world: Of) => ({ ...(await ofTemplate(world)), rest: { name: 'A copy' } }),
    'templates.createVersion': async (world: Of) => ({ ...(await ofTemplate(world)), rest: content }),
    'templates.listVersions': async (world: Of) => ({ ...(await ofTemplate(world)), rest: { limit: '10' } }),
    'templates.getVersion': ofVersion,
    'templates.updateVersion': async (world: Of) => ({
      ...(await ofVersion(world)),
      rest: { note: 'other words' },
    }),
    'templates.deleteVersion': async (world: Of) => {
      const example = await ofVersion(world, '2')
      await made(world, `/v1/templates/${example.params.templateId}/versions`, content)
      return example
    },
    'templates.publish': ofVersion,
    'templates.preview': () => ({ rest: { ...content, data: { name: 'Ann' } } }),
  }
}
