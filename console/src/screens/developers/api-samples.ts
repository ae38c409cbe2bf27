import type { Sample } from '../../ui/samples.tsx'

/** What a first mail is made of. */
export interface SampleFacts {
  /** Where the API is: `https://mail.example.com`. */
  readonly origin: string
  /** As whom the key may send. */
  readonly from: string
  readonly to: string
}

/** The name under which every sample looks for the key: it stands in no file that is kept. */
export const KEY_VARIABLE = 'BULKHEAD_API_KEY'

const SUBJECT = 'Hello'
const TEXT = 'My first mail.'

/** A first mail in each language, with the real address of the API and a real sender. The key comes from the environment. */
export function apiSamples(facts: SampleFacts): Sample[] {
  return [
    { name: 'curl', label: 'curl', code: curl(facts) },
    { name: 'node', label: 'Node', code: nodeFetch(facts) },
    { name: 'node-sdk', label: 'Node SDK', code: nodeSdk(facts) },
    { name: 'python', label: 'Python', code: python(facts) },
    { name: 'go', label: 'Go', code: go(facts) },
    { name: 'php', label: 'PHP', code: php(facts) },
    { name: 'ruby', label: 'Ruby', code: ruby(facts) },
    { name: 'java', label: 'Java', code: java(facts) },
    { name: 'csharp', label: 'C#', code: csharp(facts) },
  ]
}

/** A text in single quotes of a POSIX shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** A text in single quotes, as JavaScript, PHP and Ruby read it. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}

function mail({ from, to }: SampleFacts, indent?: number): string {
  return JSON.stringify({ from, to, subject: SUBJECT, text: TEXT }, null, indent)
}

function curl(facts: SampleFacts): string {
  return `curl ${facts.origin}/v1/messages \\
  -H "Authorization: Bearer $${KEY_VARIABLE}" \\
  -H 'Content-Type: application/json' \\
  -d ${shellQuoted(mail(facts, 2))}`
}

function nodeFetch({ origin, from, to }: SampleFacts): string {
  return `const answer = await fetch('${origin}/v1/messages', {
  method: 'POST',
  headers: {
    authorization: \`Bearer \${process.env.${KEY_VARIABLE}}\`,
    'content-type': 'application/json',
  },
  body: JSON.stringify({
    from: ${singleQuoted(from)},
    to: ${singleQuoted(to)},
    subject: '${SUBJECT}',
    text: '${TEXT}',
  }),
})
console.log(answer.status, await answer.json())`
}

function nodeSdk({ origin, from, to }: SampleFacts): string {
  return `import { createClient } from '@bulkhead/sdk'

const bulkhead = createClient({
  baseUrl: '${origin}',
  apiKey: process.env.${KEY_VARIABLE},
})

// Tried again by itself where that is safe; never sent twice.
const { id } = await bulkhead.messages.send({
  from: ${singleQuoted(from)},
  to: ${singleQuoted(to)},
  subject: '${SUBJECT}',
  text: '${TEXT}',
})
console.log(id)`
}

function python({ origin, from, to }: SampleFacts): string {
  return `import json, os, urllib.request

request = urllib.request.Request(
    "${origin}/v1/messages",
    data=json.dumps({
        "from": ${JSON.stringify(from)},
        "to": ${JSON.stringify(to)},
        "subject": "${SUBJECT}",
        "text": "${TEXT}",
    }).encode(),
    headers={
        "Authorization": "Bearer " + os.environ["${KEY_VARIABLE}"],
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(request) as answer:
    print(answer.status, json.load(answer))`
}

function go({ origin, from, to }: SampleFacts): string {
  return `package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	mail, _ := json.Marshal(map[string]string{
		"from":    ${JSON.stringify(from)},
		"to":      ${JSON.stringify(to)},
		"subject": "${SUBJECT}",
		"text":    "${TEXT}",
	})
	request, err := http.NewRequest("POST", "${origin}/v1/messages", bytes.NewReader(mail))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("${KEY_VARIABLE}"))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.Status, string(body))
}`
}

function php({ origin, from, to }: SampleFacts): string {
  return `<?php
$request = curl_init('${origin}/v1/messages');
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => [
        'Authorization: Bearer ' . getenv('${KEY_VARIABLE}'),
        'Content-Type: application/json',
    ],
    CURLOPT_POSTFIELDS => json_encode([
        'from' => ${singleQuoted(from)},
        'to' => ${singleQuoted(to)},
        'subject' => '${SUBJECT}',
        'text' => '${TEXT}',
    ]),
]);
$answer = curl_exec($request);
echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), ' ', $answer, PHP_EOL;`
}

function ruby({ origin, from, to }: SampleFacts): string {
  return `require 'net/http'
require 'json'

answer = Net::HTTP.post(
  URI('${origin}/v1/messages'),
  {
    from: ${singleQuoted(from)},
    to: ${singleQuoted(to)},
    subject: '${SUBJECT}',
    text: '${TEXT}'
  }.to_json,
  'Authorization' => "Bearer #{ENV.fetch('${KEY_VARIABLE}')}",
  'Content-Type' => 'application/json'
)
puts answer.code, answer.body`
}

function java(facts: SampleFacts): string {
  return `import java.net.URI;
import java.net.http.*;

public class Send {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("${facts.origin}/v1/messages"))
        .header("Authorization", "Bearer " + System.getenv("${KEY_VARIABLE}"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(
            ${JSON.stringify(mail(facts))}))
        .build();
    var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(answer.statusCode() + " " + answer.body());
  }
}`
}

function csharp({ origin, from, to }: SampleFacts): string {
  return `using System.Net.Http.Headers;
using System.Net.Http.Json;

using var client = new HttpClient();
client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
    "Bearer", Environment.GetEnvironmentVariable("${KEY_VARIABLE}"));

var answer = await client.PostAsJsonAsync("${origin}/v1/messages", new
{
    from = ${JSON.stringify(from)},
    to = ${JSON.stringify(to)},
    subject = "${SUBJECT}",
    text = "${TEXT}",
});
Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");`
}
