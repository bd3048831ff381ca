# JSON-RPC methods that one process offers through another's HTTP server. JSON values travel as text.

@0xe3a9e7d2f95b41c8;

using Proxy = import "/mp/proxy.capnp";
$Proxy.includeTypes("moneyrocket.ipc.types");

interface RpcHandler $Proxy.wrap("moneyrocket.interfaces.rpc.RpcHandler") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, request :RpcRequest)
        -> (result :Text, error :RpcError $Proxy.exception("moneyrocket.interfaces.rpc.RpcError"));
}

struct RpcCommand $Proxy.wrap("moneyrocket.interfaces.rpc.RpcCommand") {
    category @0 :Text;
    name @1 :Text;
    argNames @2 :List(Text);
    handler @3 :RpcHandler;
}

struct RpcRequest $Proxy.wrap("moneyrocket.interfaces.rpc.RpcRequest") {
    method @0 :Text;
    params @1 :Text;
    uri @2 :Text;
    authUser @3 :Text;
    peerAddr @4 :Text;
    mode @5 :Int32;
}

struct RpcError $Proxy.wrap("moneyrocket.interfaces.rpc.RpcError") {
    code @0 :Int32;
    message @1 :Text;
}
