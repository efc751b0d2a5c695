// push.js URL DIRECTORY RECORDS COLUMN WORD: what hawser_bench journal queued, queued by PouchDB and pushed to a server that
// has the records. RECORDS holds one JSON object with an "id" a line. Prints one line of JSON.
const fs = require('fs')
const PouchDB = require('pouchdb')
const [url, directory, records, column, word] = process.argv.slice(2)
const batches = { batch_size: 1000, batches_limit: 4 }

async function main () {
  const local = new PouchDB(directory)
  const lines = fs.readFileSync(records, 'utf8').trim().split('\n').map(line => JSON.parse(line))
  const documents = lines.map(({ id, ...columns }) => ({ _id: id, ...columns }))
  for (let at = 0; at < documents.length; at += 1000) await local.bulkDocs(documents.slice(at, at + 1000))
  await local.replicate.to(url, batches)
  const there = await local.allDocs({ include_docs: true })
  const edited = there.rows.map(row => ({ ...row.doc, [column]: word }))
  for (let at = 0; at < edited.length; at += 1000) await local.bulkDocs(edited.slice(at, at + 1000))
  const begun = process.hrtime.bigint()
  const done = await local.replicate.to(url, batches)
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9
  console.log(JSON.stringify({ seconds, changes: done.docs_written, peak_megabytes: process.resourceUsage().maxRSS / 1024 }))
  await local.close()
}

main().catch(failure => { console.error(failure.message); process.exit(1) })
