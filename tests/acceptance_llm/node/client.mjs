// What a program with OpenAI's own client does; prints what it saw as JSON.
import OpenAI from 'openai';

const client = new OpenAI({ maxRetries: 0, timeout: 900_000 });
const model = process.env.MODEL;
const messages = [{ role: 'user', content: 'What is the capital of France?' }];
const settings = { model, messages, temperature: 0, max_tokens: 40 };
const seen = { models: [], chunks: 0, streamed: '' };

for await (const one of client.models.list()) seen.models.push(one.id);

seen.whole = (await client.chat.completions.create(settings)).choices[0].message.content;

const stream = await client.chat.completions.create({
  ...settings, stream: true, stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  seen.streamed += chunk.choices[0]?.delta?.content ?? '';
  seen.chunks += 1;
  if (chunk.usage) seen.usage = chunk.usage;
}

const city = { type: 'string', enum: ['Paris', 'Rome'] };
const parameters = { type: 'object', properties: { city }, required: ['city'], additionalProperties: false };
const called = await client.chat.completions.create({
  ...settings,
  max_tokens: 120,
  tools: [{ type: 'function', function: { name: 'weather', parameters } }],
  tool_choice: { type: 'function', function: { name: 'weather' } },
});
const call = called.choices[0].message.tool_calls[0].function;
seen.tool = call.name;
seen.arguments = JSON.parse(call.arguments);

const schema = {
  type: 'object',
  properties: { grade: { type: 'string', enum: ['pass', 'fail'] } },
  required: ['grade'],
  additionalProperties: false,
};
const structured = await client.chat.completions.create({
  ...settings, response_format: { type: 'json_schema', json_schema: { name: 'verdict', strict: true, schema } },
});
seen.structured = JSON.parse(structured.choices[0].message.content);

seen.refused = await client.chat.completions.create({ ...settings, model: 'no-such-model' }).then(
  () => 200,
  (error) => error.status,
);

console.log(JSON.stringify(seen));
