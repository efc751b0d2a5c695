// serve.js DIRECTORY: a server that PouchDB replicates with, over LevelDB, on a free port of this machine. Says where.
const path = require('path')
const PouchDB = require('pouchdb').defaults({ prefix: path.resolve(process.argv[2]) + '/' })
const server = require('express-pouchdb')(PouchDB, {
  mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: '/dev/null'
})
const application = require('express')()
application.use('/', server)
const listening = application.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${listening.address().port}`))
