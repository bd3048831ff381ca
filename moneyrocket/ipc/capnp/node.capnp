# The node as a desktop program sees it. Hashes in internal byte order, amounts in satoshi, fee rates in sat/kvB, JSON values
# as text.

@0x9562053e56d9e161;

using Proxy = import "/mp/proxy.capnp";
$Proxy.includeTypes("moneyrocket.ipc.types");

using Chain = import "chain.capnp";
using Handler = import "handler.capnp";
using Process = import "process.capnp";
using Rpc = import "rpc_command.capnp";
using Wallet = import "wallet.capnp";

interface Node $Proxy.wrap("moneyrocket.interfaces.node.Node") {
    destroy @0 (context :Proxy.Context) -> ();
    start @1 (context :Proxy.Context) -> (error :Text $Proxy.exception("moneyrocket.interfaces.node.NodeStartError"));
    requestShutdown @2 (context :Proxy.Context) -> ();
    shutdownRequested @3 (context :Proxy.Context) -> (result :Bool);
    stop @4 (context :Proxy.Context) -> ();
    handleNotifications @5 (context :Proxy.Context, notifications :NodeNotifications) -> (result :Handler.Handler);
    info @6 (context :Proxy.Context) -> (result :NodeInfo);
    warnings @7 (context :Proxy.Context) -> (result :List(Text));
    chainState @8 (context :Proxy.Context) -> (result :ChainState);
    mempoolState @9 (context :Proxy.Context) -> (result :MempoolState);
    mempoolBands @10 (context :Proxy.Context, feeRates :List(Int64)) -> (result :List(FeeBand));
    estimateSmartFee @11 (context :Proxy.Context, confTarget :Int32, conservative :Bool) -> (result :Chain.FeeEstimate);
    networkState @12 (context :Proxy.Context) -> (result :NetworkState);
    setNetworkActive @13 (context :Proxy.Context, active :Bool) -> ();
    peers @14 (context :Proxy.Context) -> (result :List(PeerInfo));
    disconnectPeer @15 (context :Proxy.Context, peerId :Int64) -> (result :Bool);
    ban @16 (context :Proxy.Context, address :Text, seconds :Int64) -> (result :Bool);
    unban @17 (context :Proxy.Context, subnet :Text) -> (result :Bool);
    banned @18 (context :Proxy.Context) -> (result :List(BanEntry));
    executeRpc @19 (context :Proxy.Context, method :Text, params :Text, uri :Text)
        -> (result :Text, error :Rpc.RpcError $Proxy.exception("moneyrocket.interfaces.rpc.RpcError"));
    rpcMethods @20 (context :Proxy.Context) -> (result :List(RpcMethodInfo));
    setting @21 (context :Proxy.Context, name :Text) -> (result :SettingState);
    updateSetting @22 (context :Proxy.Context, name :Text, value :Text) -> (result :Bool);
    wallets @23 (context :Proxy.Context) -> (result :Wallet.Wallets);
    restartWallets @24 (context :Proxy.Context)
        -> (error :Text $Proxy.exception("moneyrocket.interfaces.node.NodeStartError"));
    processStats @25 (context :Proxy.Context) -> (result :List(Process.ProcessStats));
    handleLog @26 (context :Proxy.Context, category :Text, sink :LogSink) -> (result :Handler.Handler);
    allowWalletFile @27 (context :Proxy.Context, path :Text, write :Bool) -> (result :Handler.Handler);
}

interface NodeNotifications $Proxy.wrap("moneyrocket.interfaces.node.NodeNotifications") {
    destroy @0 (context :Proxy.Context) -> ();
    initMessage @1 (context :Proxy.Context, message :Text) -> ();
    message @2 (context :Proxy.Context, kind :Int32, text :Text) -> ();
    progress @3 (context :Proxy.Context, title :Text, percent :Int32, resumePossible :Bool) -> ();
    blockTip @4 (context :Proxy.Context, tip :BlockTip) -> ();
    headerTip @5 (context :Proxy.Context, tip :HeaderTip) -> ();
    connections @6 (context :Proxy.Context, inbound :Int32, outbound :Int32) -> ();
    networkActive @7 (context :Proxy.Context, active :Bool) -> ();
    bannedListChanged @8 (context :Proxy.Context) -> ();
    warningsChanged @9 (context :Proxy.Context) -> ();
    walletsReady @10 (context :Proxy.Context) -> ();
    walletsLost @11 (context :Proxy.Context) -> ();
    shutdownRequested @12 (context :Proxy.Context) -> ();
}

interface LogSink $Proxy.wrap("moneyrocket.interfaces.node.LogSink") {
    destroy @0 (context :Proxy.Context) -> ();
    lines @1 (context :Proxy.Context, lines :List(Text)) -> ();
}

struct NodeInfo $Proxy.wrap("moneyrocket.interfaces.node_values.NodeInfo") {
    clientName @0 :Text;
    version @1 :Text;
    chain @2 :Text;
    dataDir @3 :Text;
    blocksDir @4 :Text;
    logPath @5 :Text;
    userAgent @6 :Text;
    started @7 :Int64;
    pid @8 :Int32;
    rpcServer @9 :Bool;
    pruned @10 :Bool;
    walletEnabled @11 :Bool;
}

struct ChainState $Proxy.wrap("moneyrocket.interfaces.node_values.ChainState") {
    height @0 :Int32;
    tipHash @1 :Data;
    tipTime @2 :Int64;
    headerHeight @3 :Int32;
    headerTime @4 :Int64;
    verificationProgress @5 :Float64;
    initialDownload @6 :Bool;
    loading @7 :Bool;
    difficulty @8 :Float64;
    sizeOnDisk @9 :Int64;
}

struct BlockTip $Proxy.wrap("moneyrocket.interfaces.node_values.BlockTip") {
    height @0 :Int32;
    hash @1 :Data;
    time @2 :Int64;
    verificationProgress @3 :Float64;
    initialDownload @4 :Bool;
}

struct HeaderTip $Proxy.wrap("moneyrocket.interfaces.node_values.HeaderTip") {
    height @0 :Int32;
    time @1 :Int64;
    presync @2 :Bool;
}

struct NetworkState $Proxy.wrap("moneyrocket.interfaces.node_values.NetworkState") {
    active @0 :Bool;
    inbound @1 :Int32;
    outbound @2 :Int32;
    maxConnections @3 :Int32;
    bytesReceived @4 :Int64;
    bytesSent @5 :Int64;
    localAddresses @6 :List(Text);
    services @7 :List(Text);
    protocolVersion @8 :Int32;
}

struct PeerInfo $Proxy.wrap("moneyrocket.interfaces.node_values.PeerInfo") {
    id @0 :Int64;
    address @1 :Text;
    network @2 :Text;
    bindAddress @3 :Text;
    localAddress @4 :Text;
    kind @5 :Text;
    inbound @6 :Bool;
    version @7 :Int32;
    userAgent @8 :Text;
    services @9 :List(Text);
    relaysTxs @10 :Bool;
    connected @11 :Int64;
    lastSend @12 :Int64;
    lastReceive @13 :Int64;
    lastTransaction @14 :Int64;
    lastBlock @15 :Int64;
    bytesSent @16 :Int64;
    bytesReceived @17 :Int64;
    ping @18 :Float64;
    hasPing @19 :Bool;
    minPing @20 :Float64;
    hasMinPing @21 :Bool;
    pingWait @22 :Float64;
    hasPingWait @23 :Bool;
    timeOffset @24 :Int64;
    syncedHeaders @25 :Int64;
    syncedBlocks @26 :Int64;
    inFlight @27 :List(Int64);
    highBandwidthTo @28 :Bool;
    highBandwidthFrom @29 :Bool;
    addressRelay @30 :Bool;
    addressesProcessed @31 :Int64;
    addressesRateLimited @32 :Int64;
    permissions @33 :List(Text);
    feeFilter @34 :Int64;
    transport @35 :Text;
}

struct BanEntry $Proxy.wrap("moneyrocket.interfaces.node_values.BanEntry") {
    subnet @0 :Text;
    created @1 :Int64;
    until @2 :Int64;
}

struct MempoolState $Proxy.wrap("moneyrocket.interfaces.node_values.MempoolState") {
    loaded @0 :Bool;
    transactions @1 :Int64;
    vsize @2 :Int64;
    usage @3 :Int64;
    maxUsage @4 :Int64;
    totalFee @5 :Int64;
    minFeeRate @6 :Int64;
    relayFeeRate @7 :Int64;
}

struct FeeBand $Proxy.wrap("moneyrocket.interfaces.node_values.FeeBand") {
    feeRate @0 :Int64;
    transactions @1 :Int64;
    vsize @2 :Int64;
    fees @3 :Int64;
}

struct RpcArgument $Proxy.wrap("moneyrocket.interfaces.node_values.RpcArgument") {
    name @0 :Text;
    isJson @1 :Bool;
}

struct RpcMethodInfo $Proxy.wrap("moneyrocket.interfaces.node_values.RpcMethodInfo") {
    name @0 :Text;
    category @1 :Text;
    arguments @2 :List(RpcArgument);
}

struct SettingState $Proxy.wrap("moneyrocket.interfaces.node_values.SettingState") {
    value @0 :Text;
    stored @1 :Text;
    overridden @2 :Bool;
    restartNeeded @3 :Bool;
}
