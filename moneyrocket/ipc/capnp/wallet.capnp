# The wallet component as the node sees it.

@0xa58c0c5d1fd6e2b7;

using Proxy = import "/mp/proxy.capnp";

interface WalletLoader $Proxy.wrap("moneyrocket.interfaces.wallet.WalletLoader") {
    destroy @0 (context :Proxy.Context) -> ();
    registerRpcs @1 (context :Proxy.Context) -> ();
    verify @2 (context :Proxy.Context) -> (result :Bool);
    load @3 (context :Proxy.Context) -> (result :Bool);
    start @4 (context :Proxy.Context, scheduleRebroadcast :Bool) -> ();
    stop @5 (context :Proxy.Context) -> ();
    setMockTime @6 (context :Proxy.Context, time :Int64) -> ();
    schedulerMockForward @7 (context :Proxy.Context, seconds :Int64) -> ();
    loadedWallets @8 (context :Proxy.Context) -> (result :List(Text));
}
