import type { Sample } from '../../ui/samples.tsx'

/** The name under which every sample looks for the signing secret. */
export const SECRET_VARIABLE = 'WEBHOOK_SECRET'

/** How a receiver checks that a request is ours, in each language: HMAC-SHA256 over id, time and body (Standard Webhooks). */
export const VERIFICATION_SAMPLES: readonly Sample[] = [
  {
    name: 'node',
    label: 'Node',
    code: `import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const key = Buffer.from(process.env.${SECRET_VARIABLE}.replace('whsec_', ''), 'base64')

/** The event, or null where it is not from Bulkhead or older than five minutes. \`body\` are the bytes as they came. */
function verify(headers, body) {
  const id = headers['webhook-id']
  const time = headers['webhook-timestamp']
  if (!(Math.abs(Date.now() / 1000 - Number(time)) < 300)) return null
  const wanted = createHmac('sha256', key).update(\`\${id}.\${time}.\`).update(body).digest()
  const isOurs = String(headers['webhook-signature']).split(' ').some((item) => {
    const given = Buffer.from(item.replace('v1,', ''), 'base64')
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
  return isOurs ? JSON.parse(body) : null
}

createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const event = verify(request.headers, Buffer.concat(chunks))
  response.writeHead(event === null ? 400 : 204).end()
  if (event !== null) console.log(event.type)
}).listen(process.env.PORT ?? 9000)`,
  },
  {
    name: 'python',
    label: 'Python',
    code: `import base64, hashlib, hmac, json, os, time

KEY = base64.b64decode(os.environ["${SECRET_VARIABLE}"].removeprefix("whsec_"))


def verify(headers, body):
    """The event, or None where it is not from Bulkhead or older than five minutes. body: the bytes as they came."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
        return None
    signed = f"{headers.get('webhook-id')}.{stamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return json.loads(body) if any(hmac.compare_digest(item, wanted) for item in given) else None`,
  },
  {
    name: 'go',
    label: 'Go',
    code: `package hooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Verify says whether a request with this body is from Bulkhead and at most five minutes old.
func Verify(header http.Header, body []byte) bool {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("${SECRET_VARIABLE}"), "whsec_"))
	stamp, err := strconv.ParseInt(header.Get("webhook-timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(stamp, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", header.Get("webhook-id"), stamp)
	mac.Write(body)
	for _, item := range strings.Fields(header.Get("webhook-signature")) {
		given, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(item, "v1,"))
		if hmac.Equal(given, mac.Sum(nil)) {
			return true
		}
	}
	return false
}`,
  },
  {
    name: 'php',
    label: 'PHP',
    code: `<?php
/** The event, or null where it is not from Bulkhead or older than five minutes. */
function verify(string $body): ?array
{
    $key = base64_decode(substr(getenv('${SECRET_VARIABLE}'), strlen('whsec_')));
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $time = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '0';
    if (abs(time() - (int) $time) > 300) {
        return null;
    }
    $wanted = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($wanted, $given)) {
            return json_decode($body, true);
        }
    }
    return null;
}

$event = verify(file_get_contents('php://input'));
http_response_code($event === null ? 400 : 204);`,
  },
  {
    name: 'ruby',
    label: 'Ruby',
    code: `require 'openssl'
require 'base64'
require 'json'

KEY = Base64.decode64(ENV.fetch('${SECRET_VARIABLE}').delete_prefix('whsec_'))

# The event, or nil where it is not from Bulkhead or older than five minutes. body: as it came.
def verify(headers, body)
  time = headers['webhook-timestamp'].to_s
  return if (Time.now.to_i - time.to_i).abs > 300

  signed = "#{headers['webhook-id']}.#{time}.#{body}"
  wanted = "v1,#{Base64.strict_encode64(OpenSSL::HMAC.digest('SHA256', KEY, signed))}"
  given = headers['webhook-signature'].to_s.split
  JSON.parse(body) if given.any? { |item| OpenSSL.secure_compare(item, wanted) }
end`,
  },
  {
    name: 'java',
    label: 'Java',
    code: `import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Webhooks {
  /** Whether a request with this body is from Bulkhead and at most five minutes old. */
  static boolean verify(String id, String time, String signatures, byte[] body) throws Exception {
    if (Math.abs(Instant.now().getEpochSecond() - Long.parseLong(time)) > 300) return false;
    var key = Base64.getDecoder().decode(System.getenv("${SECRET_VARIABLE}").replaceFirst("^whsec_", ""));
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    mac.update((id + "." + time + ".").getBytes());
    var wanted = mac.doFinal(body);
    for (var item : signatures.split(" ")) {
      var given = Base64.getDecoder().decode(item.replaceFirst("^v1,", ""));
      if (MessageDigest.isEqual(given, wanted)) return true;
    }
    return false;
  }
}`,
  },
  {
    name: 'csharp',
    label: 'C#',
    code: `using System.Security.Cryptography;
using System.Text;

static class Webhooks
{
    /// <summary>Whether a request with this body is from Bulkhead and at most five minutes old.</summary>
    public static bool Verify(string id, string time, string signatures, byte[] body)
    {
        if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(time)) > 300) return false;
        var key = Convert.FromBase64String(
            Environment.GetEnvironmentVariable("${SECRET_VARIABLE}")!.Replace("whsec_", ""));
        var wanted = HMACSHA256.HashData(key, [.. Encoding.UTF8.GetBytes($"{id}.{time}."), .. body]);
        return signatures.Split(' ').Any(item =>
            CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(item.Replace("v1,", "")), wanted));
    }
}`,
  },
]
