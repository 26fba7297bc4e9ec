"""Words that say nothing about a subject, for English, German, Spanish, French and Portuguese."""

from __future__ import annotations

_EN = """
a about above after again against all almost already also although always am an and another any anyone anything are
aren around as at back be because been before being below between both but by came can cannot can't come could couldn
did didn didn't do does doesn doesn't doing don done don't down during each either else even ever every few for from
further get gets getting give go goes going gone got had hadn has hasn have haven having he hello help her here hers
hey hi him his how however i if i'm in instead into is isn isn't it its it's i've just keep know last least less let
like lot made make makes many may maybe me might mine more most much must my myself need needs never new no nor not now
of off often ok okay on once one only onto or other our ours out over own per please put quite rather really same say
see seem seems she should shouldn since so some someone something still such sure take tell than thank thanks that
that's the their them then there these they thing things think this those though through time to today too tried try
trying two under until up upon us use used using very via want wants was wasn way we well went were weren what when
where whether which while who why will with within without won won't would wouldn yes yet you your yours yourself
"""
_DE = """
aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bereits bin bis bitte bist
da damit dann danke das dass dein dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch dort du
durch ein eine einem einen einer eines einfach er es etwas euch euer für gar gegen geht gibt habe haben hallo hat hatte
hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren im immer in ins ist ja jede jedem jeden jeder jedes jetzt kann
kannst kein keine keinem keinen keiner können könnte leider machen macht man mal mehr mein meine meinem meinen meiner
mich mir mit muss müssen nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine seinem seinen seit selbst
sich sie sind so sobald soll sollte sondern sonst über um und uns unser unsere unter viel vom von vor war waren warum
was weil welche wenn wer werde werden wie wieder will wir wird wirklich wo wurde würde zu zum zur zwar zwischen
"""
_ES = """
ahora al algo algún alguna alguno ante antes aquí así aun aunque cada como con contra cual cuando cuál cómo de del
desde donde dos el ella ellas ellos en entre era es esa ese eso esta está están estar estas este esto estos estoy fue
gracias ha hace hacer haber había han hasta hay he hola la las le les lo los más me mi mis mucho muy nada ni no nos
nosotros nuestra nuestro o otra otro para pero por porque por favor puede puedo pues que qué quien quiero se sea según
ser si sí siempre sin sobre solo son su sus también tan tanto te tengo tiene todo toda todas todos tu tus un una unas
uno unos usted va vez voy y ya yo favor
"""
_FR = """
ai ainsi alors après as au aucun aussi autre aux avait avant avec avez avoir avons bien bonjour c'est car ce cela ces
cet cette ceux chaque chez ci comme comment dans de depuis des deux dire doit donc dont du elle elles en encore entre
est et étaient était été être eu fait faire fois font il ils j'ai je jamais la le les leur leurs lors lui ma mais me
même merci mes moi moins mon ne ni non nos notre nous on ont ou où par parce pas peu peut peux plus plusieurs pour
pourquoi quand que quel quelle quelque qui quoi rien sa sans se sera ses seulement si sinon son sont sous suis sur ta
te tes toi ton toujours tous tout toute toutes très trop tu un une veux vers voici vos votre vous qu'il
"""
_PT = """
agora ainda algo algum alguma antes ao aos apenas aquela aquele aqui aquilo as assim até bem cada com como contra da
dar das de dela dele depois desde dessa desse desta deste do dos e é ela elas ele eles em então entre era essa esse
esta está estão estar estas este estes estou eu faz fazer favor foi for fui há isso isto já lá lhe mais mas me mesmo
meu meus minha minhas muito na nada não nas nem no nos nós nossa nosso num numa o obrigada obrigado olá onde os ou
outra outro para pela pelas pelo pelos pode por porque posso pra qual quando que quem quero se seja sem sempre ser seu
seus só sobre sou sua suas também tem tenho ter teu tudo um uma uns vai vez você vocês vou
"""

STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(_EN.split()),
    "de": frozenset(_DE.split()),
    "es": frozenset(_ES.split()),
    "fr": frozenset(_FR.split()),
    "pt": frozenset(_PT.split()),
}
