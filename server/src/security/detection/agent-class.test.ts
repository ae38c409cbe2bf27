import { describe, expect, it } from 'vitest'
import { agentClass } from './index.ts'

function chrome(version: string, system = 'Windows NT 10.0; Win64; x64'): string {
  return `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36`
}

describe('the kind of a browser', () => {
  it('stays the same over updates and differs between families and systems', () => {
    expect(agentClass(chrome('140.0.0.0'))).toBe('chrome windows')
    expect(agentClass(chrome('141.0.7390.55'))).toBe(agentClass(chrome('140.0.0.0')))
    expect(agentClass(chrome('140.0.0.0', 'X11; Linux x86_64'))).toBe('chrome linux')
    expect(agentClass(`${chrome('140.0.0.0')} Edg/140.0.0.0`)).toBe('edge windows')
    expect(
      agentClass('Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0'),
    ).toBe('firefox mac')
    expect(
      agentClass(
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Mobile/15E148 Safari/604.1',
      ),
    ).toBe('safari ios')
    expect(agentClass('python-requests/2.32.3')).toBe('other python-requests')
  })

  it('is short whatever was sent', () => {
    expect(agentClass('')).toBe('other none')
    expect(agentClass('\u0000x')).toBe('other none')
    expect(agentClass('a'.repeat(1_000_000)).length).toBeLessThan(60)
  })
})
