# The first interface of every connection. The file's id and ordinals 0 to 4 are Bitcoin Core's, so that its tools can
# connect; further ordinals are ours, the next free ones. A method without parameters and results only keeps its ordinal:
# calling it is answered with "not supported".

@0xf2c5cfa319406aa6;

using Proxy = import "/mp/proxy.capnp";
$Proxy.include("moneyrocket.interfaces.mining");
$Proxy.include("moneyrocket.interfaces.node");
$Proxy.include("moneyrocket.interfaces.rpc");
using Chain = import "chain.capnp";
using Echo = import "echo.capnp";
using Mining = import "mining.capnp";
using Node = import "node.capnp";
using Rpc = import "rpc.capnp";
using Wallet = import "wallet.capnp";

interface Init $Proxy.wrap("moneyrocket.interfaces.init.Init") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    makeEcho @1 (context :Proxy.Context) -> (result :Echo.Echo);
    makeMiningOld2 @2 () -> ();
    makeMining @3 (context :Proxy.Context) -> (result :Mining.Mining);
    makeRpc @4 (context :Proxy.Context) -> (result :Rpc.Rpc);
    makeWalletLoader @5 (context :Proxy.Context, globalArgs :GlobalArgs, chain :Chain.Chain)
        -> (result :Wallet.WalletLoader, error :Text $Proxy.exception("moneyrocket.interfaces.init.NotOfferedError"));
    makeNode @6 (context :Proxy.Context, globalArgs :GlobalArgs)
        -> (result :Node.Node, error :Text $Proxy.exception("moneyrocket.interfaces.init.NotOfferedError"));
    attachWallet @7 (context :Proxy.Context, component :Component, loader :Wallet.WalletLoader)
        -> (result :Chain.Chain, error :Text $Proxy.exception("moneyrocket.interfaces.init.NotOfferedError"));
    attachNode @8 (context :Proxy.Context, component :Component)
        -> (result :Node.Node, error :Text $Proxy.exception("moneyrocket.interfaces.init.NotOfferedError"));
    attachToNode @9 (context :Proxy.Context, component :Component, node :Init)
        -> (error :Text $Proxy.exception("moneyrocket.interfaces.init.NotOfferedError"));
}

struct GlobalArgs $Proxy.wrap("moneyrocket.interfaces.init.GlobalArgs") {
    settings @0 :Text;
}

struct Component $Proxy.wrap("moneyrocket.interfaces.init.Component") {
    program @0 :Text;
    version @1 :Text;
    protocol @2 :Int32;
    chain @3 :Text;
}
