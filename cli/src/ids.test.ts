import { describe, expect, it } from 'vitest'
import { actorOfId, idOf, idOfActor, uuidOf } from './ids.ts'

describe('ids of the audit log', () => {
  it('names an actor as the lists of keys and staff do, and finds it again', () => {
    const actor = 'api_key:01a20093-38bd-700a-b189-c57c9b002b05'
    expect(idOfActor(actor)).toBe('key_01m8096e5xe05b32e5fjdg0ar5')
    expect(actorOfId('key_01m8096e5xe05b32e5fjdg0ar5')).toBe(actor)
    expect(actorOfId(idOfActor('staff:01a20096-9e49-738b-8587-6c7f1882791e'))).toBe(
      'staff:01a20096-9e49-738b-8587-6c7f1882791e',
    )
  })

  it('leaves alone what is no such actor', () => {
    for (const text of ['process:api', 'system:development', 'api_key:x', 'operator', '', 'key_short'])
      expect([idOfActor(text), actorOfId(text)]).toEqual([text, text])
    expect(idOf('ctm', 'content')).toBe('content')
  })

  it('refuses digits that are no 128 bits', () => {
    expect(uuidOf('z1m8096e5xe05b32e5fjdg0ar5')).toBeNull()
    expect(uuidOf('01m8096e5xe05b32e5fjdg0aru')).toBeNull()
    expect(uuidOf('01m8096e5xe05b32e5fjdg0ar')).toBeNull()
  })
})
