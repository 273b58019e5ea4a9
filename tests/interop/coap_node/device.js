// An LwM2M device on coap-node that knows nothing but its Bootstrap-Server: asks
// it once over NoSec, and prints what it was given.
//
//	ANSWER code=2.04
//	ACCOUNT instance=100 uri=coaps://... mode=0 identity=dev-1 key_sha256=... ssid=123
//	SERVER instance=0 ssid=123 lifetime=86400 binding=U
//
// usage: device.js HOST PORT ENDPOINT	(exit 0 bootstrapped, 1 refused, 2 never)
'use strict';

const crypto = require('crypto');
const CoapNode = require('coap-node');
const SmartObject = require('smartobject');

const [host, port, endpoint] = process.argv.slice(2);
const node = new CoapNode(endpoint, new SmartObject());

// It keeps bytes as hex.
const bytes = (hex) => Buffer.from(String(hex), 'hex');
const word = (text) => JSON.stringify(String(text)).slice(1, -1)
	.replace(/[^!-~]/g, '?');

function print() {
	for (const [i, a] of Object.entries(node.so.dumpSync('lwm2mSecurity')))
		console.log(`ACCOUNT instance=${i} uri=${word(a.lwm2mServerURI)} ` +
			`mode=${word(a.securityMode)} ` +
			`identity=${word(bytes(a.pubKeyId))} key_sha256=` +
			crypto.createHash('sha256').update(bytes(a.secretKey))
				.digest('hex') +
			` ssid=${word(a.shortServerId)}`);
	for (const [i, s] of Object.entries(node.so.dumpSync('lwm2mServer')))
		console.log(`SERVER instance=${i} ssid=${word(s.shortServerId)} ` +
			`lifetime=${word(s.lifetime)} binding=${word(s.binding)}`);
}

// Its answer to the Finish leaves after this is told.
node.on('bootstrapped', () => {
	print();
	setTimeout(() => process.exit(0), 500);
});
node.on('error', (e) => console.log(`ERROR ${word(e.message)}`));
node.bootstrap(host, Number(port), (error, message) => {
	console.log(`ANSWER code=${error ? '-' : word(message.status)}`);
	if (error || message.status !== '2.04')
		process.exit(1);
});
setTimeout(() => process.exit(2), 30000);
