import { describe, expect, it } from 'vitest'
import { platformOf, PLATFORMS } from './workload-platforms.ts'
import { sampleOf } from './workload-samples.ts'

const platform = (name: string) => {
  const found = PLATFORMS.find((one) => one.name === name)
  if (found === undefined) throw new Error(name)
  return found
}

describe('a rule is written from what a person knows', () => {
  it('of a repository of GitHub', () => {
    const { terms } = platform('github')
    const answers = { repository: 'example/shop', ref: 'main' }
    expect(terms(answers, 'branch')?.subject).toBe('repo:example/shop:ref:refs/heads/main')
    expect(terms({ ...answers, ref: 'production' }, 'environment')?.subject).toBe(
      'repo:example/shop:environment:production',
    )
    expect(terms({ ...answers, ref: 'v*' }, 'tag')?.subject).toBe('repo:example/shop:ref:refs/tags/v*')
    expect(terms(answers, 'any')?.subject).toBe('repo:example/shop:*')
    expect(terms({ repository: 'shop', ref: 'main' }, 'branch')).toBeUndefined()
    expect(terms({ repository: 'example/shop', ref: '' }, 'branch')).toBeUndefined()
  })

  it('of a project of GitLab', () => {
    const { terms } = platform('gitlab')
    const answers = { host: 'https://gitlab.example.com/', project: 'group/shop', ref: 'main' }
    expect(terms(answers, 'branch')).toEqual({
      issuer: 'https://gitlab.example.com',
      subject: 'project_path:group/shop:ref_type:branch:ref:main',
      claims: {},
    })
    expect(terms(answers, 'protected')).toMatchObject({
      subject: 'project_path:group/shop:*',
      claims: { ref_protected: 'true' },
    })
  })

  it('of a service account, and of anything else', () => {
    expect(
      platform('kubernetes').terms({ issuer: 'https://c.example', namespace: 'shop', account: 'mailer' }, '')
        ?.subject,
    ).toBe('system:serviceaccount:shop:mailer')
    expect(
      platform('other').terms({ issuer: 'https://ci.example', subject: 'a:b', claims: 'x=y=z ok=true' }, '')
        ?.claims,
    ).toEqual({ x: 'y=z', ok: true })
    expect(
      platform('other').terms({ issuer: 'https://ci.example', subject: 'a:b', claims: 'x' }, ''),
    ).toBeUndefined()
  })

  it('and each platform is known again from its rule, with a sample that names it', () => {
    const rules = PLATFORMS.flatMap(({ name, terms }) => {
      const made = terms(
        {
          repository: 'a/b',
          ref: 'main',
          host: 'https://gitlab.com',
          project: 'a/b',
          issuer: 'https://x.example',
          namespace: 'n',
          account: 's',
          subject: 'job:1',
        },
        'branch',
      )
      return made === undefined ? [] : [{ name, ...made }]
    })
    expect(rules.map((rule) => platformOf(rule))).toEqual(PLATFORMS.map(({ name }) => name))
    for (const { name } of rules) {
      const sample = sampleOf(name, {
        rule: 'fdr_1',
        audience: 'https://mail.example',
        api: 'https://mail.example',
      })
      expect(sample).toContain('fdr_1')
      expect(sample).toContain('/v1/federation/token')
    }
  })
})
