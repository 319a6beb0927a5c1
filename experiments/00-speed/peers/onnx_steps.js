// Scoring and stepping of the networks that onnx_export.py wrote, by ONNX Runtime on the CPU (npm's onnxruntime-node).
// Prints a line a measurement as torch_steps.py does; operations are counted alike.
//
// usage: node onnx_steps.js FOLDER [--threads N] [--runs N]

'use strict';
const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');
const version = require('onnxruntime-node/package.json').version;

const LAYERS = 4, ALPHABET = 256, BATCH_TOKENS = 8192;
const PRESETS = { 'vanilla-200k': [64, 4], 'vanilla-800k': [128, 4], 'vanilla-3.2m': [256, 8] };  // width, heads

function option(name, otherwise) {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}
const folder = process.argv[2], threads = option('--threads', 2), runs = option('--runs', 3);

// Of positions that see `keys` keys each: 2 a multiplied parameter, 4 H D a visible key.
function forwardFlops(width, keys) {
  const parameters = LAYERS * (12 * width * width + 9 * width) + width * ALPHABET + ALPHABET;
  return keys.reduce((sum, k) => sum + 2 * parameters + 4 * LAYERS * width * k, 0);
}

async function medianSeconds(run) {
  await run();
  const seconds = [];
  for (let i = 0; i < runs; ++i) {
    const start = process.hrtime.bigint();
    await run();
    seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  seconds.sort((a, b) => a - b);
  return runs % 2 ? seconds[(runs - 1) / 2] : (seconds[runs / 2 - 1] + seconds[runs / 2]) / 2;
}

function report(row, usedThreads, flops, seconds) {
  const note = usedThreads === threads ? '' : `, ${usedThreads} thread`;
  console.log(`${row}\t${threads}\tONNX Runtime ${version} fp32${note}\t${(flops / seconds / 1e9).toFixed(2)}`);
}

const open = (file, usedThreads) => ort.InferenceSession.create(path.join(folder, file),
  { executionProviders: ['cpu'], intraOpNumThreads: usedThreads, interOpNumThreads: 1, graphOptimizationLevel: 'all' });

const symbolTensor = (count, dims) => new ort.Tensor('int64',
  BigInt64Array.from({ length: count }, () => BigInt(Math.floor(Math.random() * ALPHABET))), dims);
const floatTensor = (dims) => new ort.Tensor('float32',
  Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => Math.random() - 0.5), dims);

async function score(name, context) {
  const session = await open(`score-${name}-${context}.onnx`, threads);
  const symbols = symbolTensor(BATCH_TOKENS, [BATCH_TOKENS / context, context]);
  const seconds = await medianSeconds(() => session.run({ symbols }));
  const keys = Array.from({ length: context }, (_, position) => position + 1);
  report(`score ${name}, context ${context}`, threads, forwardFlops(PRESETS[name][0], keys) * BATCH_TOKENS / context, seconds);
}

// Every 16th position of a context, the middle one of each 16, so that the mean position is that of all.
async function step(name, streams, context, usedThreads) {
  const [width, heads] = PRESETS[name];
  const head = width / heads, rows = streams * heads;
  const session = await open(`step-${name}-${streams}.onnx`, usedThreads);
  const positions = [], feeds = [];
  for (let position = 8; position < context; position += 16) {
    positions.push(position + 1);
    const feed = { symbols: symbolTensor(streams, [streams]), cosine: floatTensor([head / 2]), sine: floatTensor([head / 2]) };
    for (let layer = 0; layer < LAYERS; ++layer) {
      feed[`keys${layer}`] = floatTensor([rows, head, position]);
      feed[`values${layer}`] = floatTensor([rows, position, head]);
    }
    feeds.push(feed);
  }
  const seconds = await medianSeconds(async () => {
    for (const feed of feeds) await session.run(feed);
  });
  report(`step ${name}, context ${context}, ${streams} stream${streams > 1 ? 's' : ''}`, usedThreads,
    streams * forwardFlops(width, positions), seconds);
}

async function main() {
  for (const file of fs.readdirSync(folder).sort()) {
    const [, what, name, number] = /^(score|step)-(.*)-(\d+)\.onnx$/.exec(file) || [];
    if (what === 'score') {
      await score(name, Number(number));
    } else if (what === 'step') {
      await step(name, Number(number), 512, threads);
      if (number === '1' && threads > 1) await step(name, 1, 512, 1);  // products so small may be faster undivided
    }
  }
}
main().catch((error) => { console.error(`ONNX Runtime: ${error.message}`); process.exit(1); });
