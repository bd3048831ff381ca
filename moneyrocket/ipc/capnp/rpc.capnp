# JSON-RPC without HTTP. The file's id and ordinals are Bitcoin Core's, so that its bitcoin-cli can connect.

@0x9c3505dc45e146ac;

using Proxy = import "/mp/proxy.capnp";

interface Rpc $Proxy.wrap("moneyrocket.interfaces.rpc.Rpc") {
    executeRpc @0 (context :Proxy.Context, request :Text, uri :Text, user :Text) -> (result :Text);
}
