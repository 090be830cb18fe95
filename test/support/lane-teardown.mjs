export default function tearDown() {
  globalThis.privateCluster?.stop();
}
