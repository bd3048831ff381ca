# Wallets as the node (WalletLoader) and a desktop program (Wallets, Wallet) see them. Txids in internal byte order, amounts
# in satoshi, fee rates in sat/kvB, transactions in their Bitcoin serialization.
#
# A desktop program calls wallets by way of the node. That the wallet's process has gone is an answer of the node then
# (`gone`), and a ConnectionError as if it had been called directly.

@0xa58c0c5d1fd6e2b7;

using Proxy = import "/mp/proxy.capnp";
$Proxy.includeTypes("moneyrocket.ipc.types");
$Proxy.include("moneyrocket.interfaces.handler");
$Proxy.include("moneyrocket.interfaces.process");
$Proxy.include("moneyrocket.interfaces.wallet_values");
$Proxy.include("moneyrocket.primitives.transaction");

using Common = import "common.capnp";
using Handler = import "handler.capnp";
using Process = import "process.capnp";

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
    wallets @9 (context :Proxy.Context) -> (result :Wallets);
    sandbox @10 (context :Proxy.Context) -> (result :Process.SandboxInfo);
    reopenLog @11 (context :Proxy.Context) -> ();
}

interface Wallets $Proxy.wrap("moneyrocket.interfaces.wallet.Wallets") {
    destroy @0 (context :Proxy.Context) -> ();
    loaded @1 (context :Proxy.Context)
        -> (result :List(Wallet),
            gone :Text $Proxy.exception("ConnectionError"));
    directory @2 (context :Proxy.Context)
        -> (result :Text,
            gone :Text $Proxy.exception("ConnectionError"));
    listDirectory @3 (context :Proxy.Context)
        -> (result :List(WalletDirEntry),
            gone :Text $Proxy.exception("ConnectionError"));
    create @4 (context :Proxy.Context, wallet :NewWallet)
        -> (result :LoadedWallet,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    load @5 (context :Proxy.Context, name :Text, loadOnStartup :Bool, hasLoadOnStartup :Bool)
        -> (result :LoadedWallet,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    unload @6 (context :Proxy.Context, name :Text, loadOnStartup :Bool, hasLoadOnStartup :Bool)
        -> (error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    restore @7 (context :Proxy.Context, name :Text, backup :Text, loadOnStartup :Bool, hasLoadOnStartup :Bool)
        -> (result :LoadedWallet,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    handleLoaded @8 (context :Proxy.Context, loaded :WalletLoaded)
        -> (result :Handler.Handler,
            gone :Text $Proxy.exception("ConnectionError"));
    processStats @9 (context :Proxy.Context)
        -> (result :Process.ProcessStats,
            gone :Text $Proxy.exception("ConnectionError"));
}

interface Wallet $Proxy.wrap("moneyrocket.interfaces.wallet.Wallet") {
    destroy @0 (context :Proxy.Context) -> ();
    name @1 (context :Proxy.Context)
        -> (result :Text,
            gone :Text $Proxy.exception("ConnectionError"));
    info @2 (context :Proxy.Context)
        -> (result :WalletInfo,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    balances @3 (context :Proxy.Context)
        -> (result :WalletBalances,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    handleNotifications @4 (context :Proxy.Context, notifications :WalletNotifications)
        -> (result :Handler.Handler,
            gone :Text $Proxy.exception("ConnectionError"));
    transactions @5 (context :Proxy.Context, query :TxQuery, offset :Int32, count :Int32)
        -> (result :TxPage,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    transactionRows @6 (context :Proxy.Context, txid :Data)
        -> (result :TxPage,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    transaction @7 (context :Proxy.Context, txid :Data)
        -> (result :TxDetails,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    abandon @8 (context :Proxy.Context, txid :Data)
        -> (result :Bool,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    newAddress @9 (context :Proxy.Context, label :Text, kind :Text)
        -> (result :Text,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    addressInfo @10 (context :Proxy.Context, address :Text)
        -> (result :AddressInfo,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    addresses @11 (context :Proxy.Context, purpose :Text, text :Text, offset :Int32, count :Int32)
        -> (result :AddressPage,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    setLabel @12 (context :Proxy.Context, address :Text, label :Text)
        -> (error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    removeAddress @13 (context :Proxy.Context, address :Text)
        -> (result :Bool,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    receiveRequests @14 (context :Proxy.Context)
        -> (result :List(ReceiveRequest),
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    addReceiveRequest @15 (context :Proxy.Context, request :ReceiveRequest)
        -> (result :ReceiveRequest,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    removeReceiveRequest @16 (context :Proxy.Context, requestId :Int64)
        -> (result :Bool,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    feeRate @17 (context :Proxy.Context, fee :FeeChoice)
        -> (result :FeeRateInfo,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    preparePayment @18 (context :Proxy.Context, payments :List(Payment), fee :FeeChoice, sign :Bool)
        -> (result :PreparedPayment,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"));
    commitPayment @19 (context :Proxy.Context, tx :Data, payments :List(Payment))
        -> (result :Data,
            error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"));
    encrypt @20 (context :Proxy.Context, passphrase :Text)
        -> (error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    unlock @21 (context :Proxy.Context, passphrase :Text, seconds :Int64)
        -> (error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    lock @22 (context :Proxy.Context)
        -> (error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    changePassphrase @23 (context :Proxy.Context, old :Text, new :Text)
        -> (error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
    backup @24 (context :Proxy.Context, path :Text)
        -> (error :WalletRequestError $Proxy.exception("moneyrocket.interfaces.wallet_values.WalletRequestError"),
            gone :Text $Proxy.exception("ConnectionError"));
}

interface WalletNotifications $Proxy.wrap("moneyrocket.interfaces.wallet.WalletNotifications") {
    destroy @0 (context :Proxy.Context) -> ();
    transactionsChanged @1 (context :Proxy.Context, txids :List(Data)) -> ();
    balancesChanged @2 (context :Proxy.Context) -> ();
    addressBookChanged @3 (context :Proxy.Context) -> ();
    statusChanged @4 (context :Proxy.Context) -> ();
    unloaded @5 (context :Proxy.Context) -> ();
}

interface WalletLoaded $Proxy.wrap("Callable[[moneyrocket.interfaces.wallet.Wallet], None]") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, wallet :Wallet) -> ();
}

struct WalletRequestError $Proxy.wrap("moneyrocket.interfaces.wallet_values.WalletRequestError") {
    failure @0 :Int32;
    message @1 :Text;
}

struct LoadedWallet $Proxy.wrap("moneyrocket.interfaces.wallet.LoadedWallet") {
    wallet @0 :Wallet;
    warnings @1 :List(Text);
}

struct WalletInfo $Proxy.wrap("moneyrocket.interfaces.wallet_values.WalletInfo") {
    name @0 :Text;
    path @1 :Text;
    privateKeys @2 :Bool;
    blank @3 :Bool;
    encrypted @4 :Bool;
    locked @5 :Bool;
    unlockedUntil @6 :Int64;
    avoidReuse @7 :Bool;
    canReceive @8 :Bool;
    addressTypes @9 :List(Text);
    defaultAddressType @10 :Text;
    transactions @11 :Int64;
    height @12 :Int32;
    scanProgress @13 :Float64;
    hasScanProgress @14 :Bool;
}

struct WalletBalances $Proxy.wrap("moneyrocket.interfaces.wallet_values.WalletBalances") {
    available @0 :Int64;
    pending @1 :Int64;
    immature @2 :Int64;
    used @3 :Int64;
}

struct TxRow $Proxy.wrap("moneyrocket.interfaces.wallet_values.TxRow") {
    txid @0 :Data;
    n @1 :Int32;
    type @2 :Int32;
    time @3 :Int64;
    address @4 :Text;
    label @5 :Text;
    amount @6 :Int64;
    status @7 :Int32;
    confirmations @8 :Int32;
}

struct TxQuery $Proxy.wrap("moneyrocket.interfaces.wallet_values.TxQuery") {
    text @0 :Text;
    types @1 :List(Int32);
    since @2 :Int64;
    until @3 :Int64;
    minAmount @4 :Int64;
    sort @5 :Int32;
    descending @6 :Bool;
}

struct TxPage $Proxy.wrap("moneyrocket.interfaces.wallet_values.TxPage") {
    rows @0 :List(TxRow);
    total @1 :Int64;
    totalAmount @2 :Int64;
    revision @3 :Int64;
}

struct TxInputInfo $Proxy.wrap("moneyrocket.interfaces.wallet_values.TxInputInfo") {
    prevout @0 :Common.OutPoint;
    address @1 :Text;
    amount @2 :Int64;
    hasAmount @3 :Bool;
    mine @4 :Bool;
}

struct TxOutputInfo $Proxy.wrap("moneyrocket.interfaces.wallet_values.TxOutputInfo") {
    address @0 :Text;
    label @1 :Text;
    amount @2 :Int64;
    mine @3 :Bool;
    change @4 :Bool;
}

struct TxDetails $Proxy.wrap("moneyrocket.interfaces.wallet_values.TxDetails") {
    txid @0 :Data;
    wtxid @1 :Data;
    status @2 :Int32;
    confirmations @3 :Int32;
    inMempool @4 :Bool;
    trusted @5 :Bool;
    time @6 :Int64;
    timeReceived @7 :Int64;
    blockHash @8 :Data;
    blockHeight @9 :Int32;
    blockTime @10 :Int64;
    debit @11 :Int64;
    credit @12 :Int64;
    fee @13 :Int64;
    hasFee @14 :Bool;
    rows @15 :List(TxRow);
    inputs @16 :List(TxInputInfo);
    outputs @17 :List(TxOutputInfo);
    size @18 :Int32;
    vsize @19 :Int64;
    comment @20 :Text;
    commentTo @21 :Text;
    replaces @22 :Data;
    replacedBy @23 :Data;
    conflicts @24 :List(Data);
    canAbandon @25 :Bool;
    raw @26 :Data;
}

struct AddressEntry $Proxy.wrap("moneyrocket.interfaces.wallet_values.AddressEntry") {
    address @0 :Text;
    label @1 :Text;
    purpose @2 :Text;
}

struct AddressPage $Proxy.wrap("moneyrocket.interfaces.wallet_values.AddressPage") {
    entries @0 :List(AddressEntry);
    total @1 :Int64;
}

struct AddressInfo $Proxy.wrap("moneyrocket.interfaces.wallet_values.AddressInfo") {
    valid @0 :Bool;
    error @1 :Text;
    mine @2 :Bool;
    label @3 :Text;
}

struct ReceiveRequest $Proxy.wrap("moneyrocket.interfaces.wallet_values.ReceiveRequest") {
    id @0 :Int64;
    time @1 :Int64;
    address @2 :Text;
    label @3 :Text;
    message @4 :Text;
    amount @5 :Int64;
    hasAmount @6 :Bool;
}

struct Payment $Proxy.wrap("moneyrocket.interfaces.wallet_values.Payment") {
    address @0 :Text;
    amount @1 :Int64;
    subtractFee @2 :Bool;
    label @3 :Text;
}

struct FeeChoice $Proxy.wrap("moneyrocket.interfaces.wallet_values.FeeChoice") {
    feeRate @0 :Int64;
    hasFeeRate @1 :Bool;
    confTarget @2 :Int32;
    hasConfTarget @3 :Bool;
    conservative @4 :Bool;
    hasConservative @5 :Bool;
    replaceable @6 :Bool;
    hasReplaceable @7 :Bool;
}

struct FeeRateInfo $Proxy.wrap("moneyrocket.interfaces.wallet_values.FeeRateInfo") {
    rate @0 :Int64;
    reason @1 :Text;
    fromFallback @2 :Bool;
    required @3 :Int64;
}

struct PreparedPayment $Proxy.wrap("moneyrocket.interfaces.wallet_values.PreparedPayment") {
    tx @0 :Data;
    signed @1 :Bool;
    fee @2 :Int64;
    feeRate @3 :Int64;
    vsize @4 :Int64;
    amount @5 :Int64;
    change @6 :Int64;
    inputs @7 :Int32;
    reason @8 :Text;
}

struct WalletDirEntry $Proxy.wrap("moneyrocket.interfaces.wallet_values.WalletDirEntry") {
    name @0 :Text;
    loaded @1 :Bool;
    legacy @2 :Bool;
}

struct NewWallet $Proxy.wrap("moneyrocket.interfaces.wallet_values.NewWallet") {
    name @0 :Text;
    passphrase @1 :Text;
    privateKeys @2 :Bool;
    blank @3 :Bool;
    avoidReuse @4 :Bool;
    loadOnStartup @5 :Bool;
}
